#include "x509/name.h"

#include <arpa/inet.h>

#include <algorithm>

#include "x509/der.h"

namespace certferry::x509 {
namespace {

constexpr std::uint8_t kNumericString = 0x12;
constexpr std::uint8_t kPrintableString = 0x13;
constexpr std::uint8_t kT61String = 0x14;
constexpr std::uint8_t kIa5String = 0x16;
constexpr std::uint8_t kVisibleString = 0x1a;
constexpr std::uint8_t kUniversalString = 0x1c;
constexpr std::uint8_t kBmpString = 0x1e;

constexpr std::uint32_t kReplacement = 0xfffd;

void append_utf8(std::string& text, std::uint32_t code) {
  if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) code = kReplacement;
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += static_cast<char>(0xc0 | code >> 6);
    text += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    text += static_cast<char>(0xe0 | code >> 12);
    text += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    text += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    text += static_cast<char>(0xf0 | code >> 18);
    text += static_cast<char>(0x80 | (code >> 12 & 0x3f));
    text += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    text += static_cast<char>(0x80 | (code & 0x3f));
  }
}

// The length of the well-formed UTF-8 sequence at the start of `bytes` (RFC 3629 section 4); 0 where it is none.
std::size_t utf8_length(ByteView bytes) {
  const std::uint8_t lead = bytes[0];
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xc2 && lead < 0xe0   ? 2
                             : lead >= 0xe0 && lead < 0xf0 ? 3
                             : lead >= 0xf0 && lead < 0xf5 ? 4
                                                           : 0;
  if (length == 0 || bytes.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((bytes[i] & 0xc0) != 0x80) return 0;
  }
  const std::uint8_t second = bytes[1];
  const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
  const bool beyond = (lead == 0xed && second >= 0xa0) || (lead == 0xf4 && second >= 0x90);
  return overlong || beyond ? 0 : length;
}

std::string valid_utf8(ByteView bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t length = utf8_length(bytes);
    if (length == 0) {
      append_utf8(text, kReplacement);
      bytes = bytes.subspan(1);
    } else {
      text += as_text(bytes.first(length));
      bytes = bytes.subspan(length);
    }
  }
  return text;
}

// Fixed-width big-endian code units. Surrogate pairs, which BMPString does not allow but Windows writes, are joined.
std::string from_utf16_or_32(ByteView bytes, std::size_t width) {
  std::string text;
  for (std::size_t i = 0; i + width <= bytes.size(); i += width) {
    std::uint32_t code = 0;
    for (std::size_t j = 0; j < width; ++j) code = code << 8 | bytes[i + j];
    if (width == 2 && code >= 0xd800 && code < 0xdc00 && i + 4 <= bytes.size()) {
      const std::uint32_t low = static_cast<std::uint32_t>(bytes[i + 2]) << 8 | bytes[i + 3];
      if (low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        i += 2;
      }
    }
    append_utf8(text, code);
  }
  return text;
}

std::string fold(std::string_view value) {
  std::string folded;
  folded.reserve(value.size());
  bool space = false;
  for (char c : value) {
    if (c == ' ' || (c >= '\t' && c <= '\r')) {
      space = true;
      continue;
    }
    if (space && !folded.empty()) folded += ' ';
    space = false;
    folded += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  return folded;
}

void append_counted(std::string& out, std::string_view part) {
  const auto size = static_cast<std::uint32_t>(part.size());
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(size >> shift);
  out += part;
}

// How .NET and Windows quote a value: in quotes where it holds what would end it, quotes doubled.
std::string quoted(std::string_view value) {
  const bool needed = value.empty() || value.find_first_of(",+=\"\n<>#;") != std::string_view::npos ||
                      value.front() == ' ' || value.back() == ' ';
  if (!needed) return std::string(value);
  std::string text = "\"";
  for (char c : value) {
    if (c == '"') text += '"';
    text += c;
  }
  return text + "\"";
}

}  // namespace

std::optional<std::string> string_from_asn1(std::uint8_t tag, ByteView content) {
  switch (tag) {
    case der::kUtf8String:
    case kNumericString:
    case kPrintableString:
    case kIa5String:
    case kVisibleString: return valid_utf8(content);
    case kT61String: {
      // Issuers write Latin-1 or UTF-8 into T61String, practically never T.61 itself.
      std::string text;
      for (std::uint8_t octet : content) append_utf8(text, octet);
      return text;
    }
    case kBmpString: return from_utf16_or_32(content, 2);
    case kUniversalString: return from_utf16_or_32(content, 4);
    default: return std::nullopt;
  }
}

std::optional<Name> Name::from_der(ByteView der) {
  der::Reader outer(der);
  const auto sequence = outer.next(der::kSequence);
  if (!sequence || !outer.at_end()) return std::nullopt;
  Name name;
  name.der_ = to_bytes(der);
  std::size_t rdn = 0;
  for (der::Reader rdns(sequence->content); !rdns.at_end(); ++rdn) {
    const auto set = rdns.next(der::kSet);
    if (!set || set->content.empty()) return std::nullopt;
    std::vector<std::string> canonical;
    for (der::Reader members(set->content); !members.at_end();) {
      const auto pair = members.next(der::kSequence);
      if (!pair) return std::nullopt;
      der::Reader fields(pair->content);
      const auto type = fields.next(der::kOid);
      const auto value = fields.next();
      if (!type || !value || !fields.at_end()) return std::nullopt;
      const auto text = string_from_asn1(value->tag, value->content);
      std::string key;
      append_counted(key, to_oid(type->content));
      append_counted(key, text ? fold(*text) : as_text(value->whole));
      canonical.push_back(std::move(key));
      name.attributes_.push_back(
          {std::string(to_oid(type->content)), value->tag, text ? *text : "#" + hex_lower(value->whole), rdn});
    }
    std::sort(canonical.begin(), canonical.end());
    std::string joined;
    for (const std::string& member : canonical) append_counted(joined, member);
    append_counted(name.canonical_, joined);
    name.canonical_rdns_.push_back(std::move(joined));
  }
  return name;
}

std::string_view Name::last(Oid type) const {
  for (auto it = attributes_.rbegin(); it != attributes_.rend(); ++it) {
    if (it->oid == type) return it->value;
  }
  return {};
}

std::string Name::text() const {
  std::string text;
  for (std::size_t end = attributes_.size(); end > 0;) {
    std::size_t begin = end - 1;
    while (begin > 0 && attributes_[begin - 1].rdn == attributes_[begin].rdn) --begin;
    if (!text.empty()) text += ", ";
    for (std::size_t i = begin; i < end; ++i) {
      if (i > begin) text += " + ";
      text += oid_name(attributes_[i].oid) + "=" + quoted(attributes_[i].value);
    }
    end = begin;
  }
  return text;
}

std::string Name::label() const {
  for (Oid type : {oid::kCommonName, oid::kOrganization}) {
    if (const std::string_view value = last(type); !value.empty()) return std::string(value);
  }
  return empty() ? "(no subject)" : text();
}

std::string ip_text(ByteView octets) {
  char buffer[INET6_ADDRSTRLEN];
  if (octets.size() == 4 || octets.size() == 16) {
    inet_ntop(octets.size() == 4 ? AF_INET : AF_INET6, octets.data(), buffer, sizeof buffer);
    return buffer;
  }
  if (octets.size() == 8 || octets.size() == 32) {
    const std::size_t half = octets.size() / 2;
    return ip_text(octets.first(half)) + "/" + ip_text(octets.subspan(half));
  }
  return hex_lower(octets);
}

std::optional<Bytes> ip_from_text(std::string_view text) {
  const std::string terminated(text);
  Bytes octets(16);
  if (inet_pton(AF_INET, terminated.c_str(), octets.data()) == 1) {
    octets.resize(4);
    return octets;
  }
  if (inet_pton(AF_INET6, terminated.c_str(), octets.data()) == 1) return octets;
  return std::nullopt;
}

std::string GeneralName::display() const {
  switch (kind) {
    case Kind::kEmail:
    case Kind::kDns:
    case Kind::kUri: return valid_utf8(value);
    case Kind::kIp: return ip_text(value);
    case Kind::kDirectory: return directory.text();
    case Kind::kRegistered: return "registeredID " + dotted(to_oid(value));
    case Kind::kOther: {
      const auto type = der::Reader(value).next(der::kOid);
      return "otherName " + (type ? dotted(to_oid(type->content)) : hex_lower(value));
    }
    case Kind::kX400: return "x400Address " + hex_lower(value);
    case Kind::kEdi: return "ediPartyName " + hex_lower(value);
  }
  return hex_lower(value);
}

std::optional<GeneralName> general_name_from_der(ByteView whole) {
  der::Reader reader(whole);
  const auto element = reader.next();
  if (!element || !reader.at_end()) return std::nullopt;
  const unsigned number = element->tag & 0x1f;
  if ((element->tag & 0xc0) != 0x80 || number > 8) return std::nullopt;
  GeneralName name;
  name.kind = static_cast<GeneralName::Kind>(number);
  const bool constructed = (element->tag & 0x20) != 0;
  const bool wants_constructed = number == 0 || number == 3 || number == 4 || number == 5;
  if (constructed != wants_constructed) return std::nullopt;
  name.value = to_bytes(element->content);
  if (name.kind == GeneralName::Kind::kDirectory) {
    auto directory = Name::from_der(element->content);
    if (!directory) return std::nullopt;
    name.directory = std::move(*directory);
  }
  return name;
}

std::optional<std::vector<GeneralName>> general_names_from_der(ByteView der) {
  der::Reader outer(der);
  const auto sequence = outer.next(der::kSequence);
  if (!sequence || !outer.at_end()) return std::nullopt;
  std::vector<GeneralName> names;
  for (der::Reader reader(sequence->content); !reader.at_end();) {
    const auto element = reader.next();
    if (!element) return std::nullopt;
    auto name = general_name_from_der(element->whole);
    if (!name) return std::nullopt;
    names.push_back(std::move(*name));
  }
  return names;
}

}  // namespace certferry::x509
