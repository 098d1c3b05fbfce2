// LDAP's extended request StartTLS (RFC 4511 section 4.14), and as much of BER as its answer needs: lengths in any form,
// since Active Directory writes them longer than they need to be.
#include <fmt/format.h>

#include <optional>

#include "base/bytes.h"
#include "probe/starttls_dialogues.h"

namespace certferry::probe {
namespace {

constexpr std::string_view kStartTls = "1.3.6.1.4.1.1466.20037";
constexpr std::uint8_t kSequence = 0x30;
constexpr std::uint8_t kInteger = 0x02;
constexpr std::uint8_t kEnumerated = 0x0a;
constexpr std::uint8_t kOctetString = 0x04;
constexpr std::uint8_t kExtendedResponse = 0x78;

struct Element {
  std::uint8_t tag = 0;
  std::string_view content;
  std::size_t whole = 0;
};

enum class Ber { kWhole, kCut, kBad };

std::uint8_t octet(std::string_view bytes, std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); }

Ber read_element(std::string_view bytes, Element& element) {
  if (bytes.size() < 2) return Ber::kCut;
  element.tag = octet(bytes, 0);
  std::size_t length = octet(bytes, 1);
  std::size_t header = 2;
  if (length & 0x80) {
    const std::size_t count = length & 0x7f;
    if (count == 0 || count > 4) return Ber::kBad;
    if (bytes.size() < 2 + count) return Ber::kCut;
    length = 0;
    for (std::size_t i = 0; i < count; ++i) length = length << 8 | octet(bytes, 2 + i);
    header += count;
  }
  element.whole = header + length;
  if (bytes.size() < element.whole) return Ber::kCut;
  element.content = bytes.substr(header, length);
  return Ber::kWhole;
}

// The element at the front of `rest`, taken away from it; nothing where it is not of this tag.
std::optional<std::string_view> take(std::string_view& rest, std::uint8_t tag) {
  Element element;
  if (read_element(rest, element) != Ber::kWhole || element.tag != tag) return std::nullopt;
  rest.remove_prefix(element.whole);
  return element.content;
}

class LdapDialogue final : public Dialogue {
 public:
  std::string opening() override {
    const auto size = [](std::size_t length) { return static_cast<char>(length); };
    const std::string name = std::string("\x80") + size(kStartTls.size()) + std::string(kStartTls);
    const std::string request = std::string("\x77") + size(name.size()) + name;
    const std::string id("\x02\x01\x01", 3);
    return std::string("\x30") + size(id.size() + request.size()) + id + request;
  }

  Result<Turn> answer(std::string& received) override {
    if (!received.empty() && octet(received, 0) != kSequence) return not_spoken(Starttls::kLdap, received);
    Element message;
    switch (read_element(received, message)) {
      case Ber::kCut: return Turn{};
      case Ber::kBad: return not_spoken(Starttls::kLdap, received);
      case Ber::kWhole: break;
    }
    std::string_view fields = message.content;
    const auto id = take(fields, kInteger);
    auto response = take(fields, kExtendedResponse);
    if (!id || !response) return not_spoken(Starttls::kLdap, received);
    const auto code = take(*response, kEnumerated);
    const auto matched = take(*response, kOctetString);
    const auto text = take(*response, kOctetString);
    if (!code || code->size() != 1 || !matched || !text) return not_spoken(Starttls::kLdap, received);
    if (const int result = octet(*code, 0); result != 0)
      return starttls_refused(fmt::format("result code {}{}{}", result, text->empty() ? "" : ": ", *text));
    received.erase(0, message.whole);
    return Turn{{}, true};
  }
};

}  // namespace

std::unique_ptr<Dialogue> make_ldap_dialogue() { return std::make_unique<LdapDialogue>(); }

}  // namespace certferry::probe
