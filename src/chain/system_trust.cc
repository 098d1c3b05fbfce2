#include "chain/system_trust.h"

#include <algorithm>
#include <array>

#include "x509/der.h"

namespace certferry::chain {
namespace {

constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
constexpr std::string_view kEnd = "-----END CERTIFICATE-----";
// The subject of a root ends well before this octet; a bundle where it does not is decoded further.
constexpr std::size_t kFirstOctets = 768;

constexpr std::array<std::int8_t, 256> make_values() {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::int8_t>(i);
  }
  return values;
}
constexpr auto kValues = make_values();

// Decodes up to `limit` octets; what is no Base64 is skipped, since only the start is looked at here.
std::size_t decode_start(std::string_view text, std::uint8_t* out, std::size_t limit) {
  std::uint32_t bits = 0;
  unsigned count = 0;
  std::size_t size = 0;
  for (char c : text) {
    const std::int8_t value = kValues[static_cast<unsigned char>(c)];
    if (value < 0) continue;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    if (++count == 4) {
      if (size + 3 > limit) break;
      out[size++] = static_cast<std::uint8_t>(bits >> 16);
      out[size++] = static_cast<std::uint8_t>(bits >> 8);
      out[size++] = static_cast<std::uint8_t>(bits);
      count = 0;
    }
  }
  if (count == 3 && size + 2 <= limit) {
    out[size++] = static_cast<std::uint8_t>(bits >> 10);
    out[size++] = static_cast<std::uint8_t>(bits >> 2);
  } else if (count == 2 && size < limit) {
    out[size++] = static_cast<std::uint8_t>(bits >> 4);
  }
  return size;
}

// The element at the start of `bytes`, whose end may be cut off.
struct Start {
  std::uint8_t tag = 0;
  ByteView content;       // as far as it is there
  std::size_t total = 0;  // octets of the whole element
};

std::optional<Start> open(ByteView bytes) {
  if (bytes.size() < 2) return std::nullopt;
  std::size_t length = bytes[1];
  std::size_t header = 2;
  if (length & 0x80) {
    const std::size_t octets = length & 0x7f;
    if (octets == 0 || octets > 4 || bytes.size() < 2 + octets) return std::nullopt;
    length = 0;
    for (std::size_t i = 0; i < octets; ++i) length = length << 8 | bytes[2 + i];
    header += octets;
  }
  return Start{bytes[0], bytes.subspan(header, std::min(length, bytes.size() - header)), header + length};
}

// Folds the values of a Name's attributes: whatever differs between equal names (RFC 5280 section 7.1) is left out.
class SubjectHash {
 public:
  void add_name(ByteView name) {
    der::Reader outer(name);
    const auto rdns = outer.next(der::kSequence);
    if (!rdns) return;
    for (der::Reader sets(rdns->content); auto set = sets.next(der::kSet);) {
      for (der::Reader attributes(set->content); auto attribute = attributes.next(der::kSequence);) {
        der::Reader parts(attribute->content);
        const auto type = parts.next(der::kOid);
        const auto value = parts.next();
        if (!type || !value) return;
        for (std::uint8_t octet : type->content) add(octet);
        for (std::uint8_t octet : value->content) add_folded(octet);
      }
    }
  }
  [[nodiscard]] std::size_t value() const { return hash_; }

 private:
  void add(std::uint8_t octet) { hash_ = (hash_ ^ octet) * 0x100000001b3; }  // FNV-1a
  // NUL is the upper half of BMPString's letters; other encodings differ beyond ASCII.
  void add_folded(std::uint8_t octet) {
    const bool space = octet == ' ' || (octet >= '\t' && octet <= '\r');
    if (octet == 0 || octet >= 0x80 || space) return;
    add(octet >= 'A' && octet <= 'Z' ? static_cast<std::uint8_t>(octet + 32) : octet);
  }

  std::size_t hash_ = 0xcbf29ce484222325;
};

enum class Found { kSubject, kCutOff, kNone };

// The whole subject of a certificate of which `start` is known.
Found find_subject(ByteView start, ByteView& subject) {
  const auto certificate = open(start);
  const auto tbs = certificate ? open(certificate->content) : std::nullopt;
  if (!tbs || certificate->tag != der::kSequence || tbs->tag != der::kSequence) return Found::kNone;
  ByteView rest = tbs->content;
  // version, serialNumber, signature, issuer, validity, subject
  std::size_t to_skip = !rest.empty() && rest[0] == der::context(0) ? 5 : 4;
  while (true) {
    const auto element = open(rest);
    if (!element || element->total > rest.size()) return Found::kCutOff;
    if (to_skip == 0) {
      subject = rest.first(element->total);
      return Found::kSubject;
    }
    --to_skip;
    rest = rest.subspan(element->total);
  }
}

std::optional<std::size_t> subject_hash(std::string_view base64) {
  std::array<std::uint8_t, kFirstOctets> first;
  ByteView subject;
  Bytes whole;
  const std::size_t size = decode_start(base64, first.data(), first.size());
  Found found = find_subject(ByteView(first.data(), size), subject);
  if (found == Found::kCutOff) {
    whole.resize(base64.size());
    whole.resize(decode_start(base64, whole.data(), whole.size()));
    found = find_subject(whole, subject);
  }
  if (found != Found::kSubject) return std::nullopt;
  SubjectHash hash;
  hash.add_name(subject);
  return hash.value();
}

}  // namespace

SystemTrust::SystemTrust(std::string bundle) : bundle_(std::move(bundle)) {
  const std::string_view text = bundle_;
  std::size_t at = 0;
  while ((at = text.find(kBegin, at)) != std::string_view::npos) {
    at += kBegin.size();
    const std::size_t end = text.find(kEnd, at);
    if (end == std::string_view::npos) break;
    if (const auto hash = subject_hash(text.substr(at, end - at))) entries_.push_back({*hash, at, end - at});
    at = end;
  }
  std::ranges::stable_sort(entries_, {}, &Entry::hash);
}

std::string_view SystemTrust::base64_of(const Entry& entry) const {
  return std::string_view(bundle_).substr(entry.offset, entry.length);
}

std::vector<x509::Certificate> SystemTrust::find(const x509::Name& subject) const {
  std::vector<x509::Certificate> found;
  SubjectHash hash;
  hash.add_name(subject.der());
  for (const Entry& entry : std::ranges::equal_range(entries_, hash.value(), {}, &Entry::hash)) {
    const auto der = from_base64(base64_of(entry));
    auto certificate = der ? x509::Certificate::from_der(*der) : std::unexpected(Error{});
    if (certificate && (*certificate)->subject == subject) found.push_back(std::move(*certificate));
  }
  return found;
}

std::vector<x509::Certificate> SystemTrust::all() const {
  std::vector<x509::Certificate> certificates;
  certificates.reserve(entries_.size());
  for (const Entry& entry : entries_) {
    const auto der = from_base64(base64_of(entry));
    if (auto certificate = der ? x509::Certificate::from_der(*der) : std::unexpected(Error{})) {
      certificates.push_back(std::move(*certificate));
    }
  }
  return certificates;
}

}  // namespace certferry::chain
