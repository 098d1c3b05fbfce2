// XMPP's STARTTLS (RFC 6120 section 5). The stream's XML is searched, not parsed: what is looked for cannot stand in
// text or attributes of a stream before TLS without its "<" being escaped.
#include <fmt/format.h>

#include "probe/starttls_dialogues.h"

namespace certferry::probe {
namespace {

std::string attribute_text(std::string_view text) {
  std::string escaped;
  for (char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '\'': escaped += "&apos;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

class XmppDialogue final : public Dialogue {
 public:
  XmppDialogue(Starttls protocol, std::string domain) : protocol_(protocol), domain_(std::move(domain)) {}

  std::string opening() override {
    return fmt::format(
        "<?xml version='1.0'?><stream:stream xmlns='jabber:{}' xmlns:stream='http://etherx.jabber.org/streams' "
        "to='{}' version='1.0'>",
        protocol_ == Starttls::kXmppServer ? "server" : "client", attribute_text(domain_));
  }

  Result<Turn> answer(std::string& received) override {
    const std::size_t start = received.find_first_not_of(" \t\r\n");
    if (start != std::string::npos && received[start] != '<') return not_spoken(protocol_, received);
    if (const std::size_t error = received.find("<stream:error"); error != std::string::npos) {
      if (received.find("</stream:error>", error) == std::string::npos) return Turn{};
      return starttls_refused(std::string_view(received).substr(error));
    }
    return asked_ ? read_answer(received) : read_features(received);
  }

 private:
  Result<Turn> read_features(std::string& received) {
    const std::size_t begin = received.find("<stream:features");
    if (begin == std::string::npos) {
      // Anything that is no stream of XMPP, such as a web page.
      if (received.find("</") != std::string::npos) return not_spoken(protocol_, received);
      return Turn{};
    }
    std::size_t end = received.find('>', begin);
    if (end == std::string::npos) return Turn{};
    if (received[end - 1] != '/') {
      end = received.find("</stream:features>", end);
      if (end == std::string::npos) return Turn{};
      end = received.find('>', end);
    }
    const std::string_view features = std::string_view(received).substr(begin, end - begin);
    if (features.find("<starttls") == std::string_view::npos) return starttls_refused({});
    received.erase(0, end + 1);
    asked_ = true;
    return Turn{"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"};
  }

  Result<Turn> read_answer(std::string& received) {
    const std::size_t end = received.find('>');
    if (end == std::string::npos) return Turn{};
    if (received.find("<proceed") > end) return starttls_refused(std::string_view(received).substr(0, end + 1));
    const bool closed = received[end - 1] == '/';
    if (!closed && received.find("</proceed>", end) == std::string::npos) return Turn{};
    received.erase(0, closed ? end + 1 : received.find("</proceed>", end) + std::string_view("</proceed>").size());
    return Turn{{}, true};
  }

  Starttls protocol_;
  std::string domain_;
  bool asked_ = false;
};

}  // namespace

std::unique_ptr<Dialogue> make_xmpp_dialogue(Starttls protocol, const DialogueNames& names) {
  return std::make_unique<XmppDialogue>(protocol, names.domain);
}

}  // namespace certferry::probe
