// Distinguished names and general names (RFC 5280 sections 4.1.2.4 and 4.2.1.6).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "x509/oid.h"

namespace certferry::x509 {

struct NameAttribute {
  std::string oid;        // content octets, comparable with the constants of oid.h
  std::uint8_t tag = 0;   // of the string type, 0x13 for PrintableString
  std::string value;      // UTF-8, always valid: what was not is shown as U+FFFD
  std::size_t rdn = 0;    // attributes with the same number form one multi-valued RDN
};

// A distinguished name. Plain value.
class Name {
 public:
  Name() = default;
  // `der` is the whole RDNSequence; nothing where it is not one.
  [[nodiscard]] static std::optional<Name> from_der(ByteView der);

  [[nodiscard]] ByteView der() const { return der_; }
  [[nodiscard]] bool empty() const { return attributes_.empty(); }
  // In the order of the encoding: the country first, as a rule.
  [[nodiscard]] const std::vector<NameAttribute>& attributes() const { return attributes_; }
  // The last value of that type (the most specific one); empty where there is none.
  [[nodiscard]] std::string_view last(Oid type) const;
  // As Windows and .NET print it, most specific first: "CN=web.example, O=\"Acme, Inc.\", C=US". Not escaped.
  [[nodiscard]] std::string text() const;
  // For people: the common name, else the organization, else text(), else "(no subject)".
  [[nodiscard]] std::string label() const;

  // Names are equal by RFC 5280 section 7.1: case and runs of white space do not matter, nor the string type.
  [[nodiscard]] bool operator==(const Name& other) const { return canonical_ == other.canonical_; }
  // Equal exactly where the names are: a key for maps.
  [[nodiscard]] const std::string& canonical() const { return canonical_; }
  // The canonical form of each RDN from the root on: `a` is a prefix of `b` where a is an ancestor (directoryName
  // constraints, RFC 5280 section 4.2.1.10).
  [[nodiscard]] const std::vector<std::string>& canonical_rdns() const { return canonical_rdns_; }

 private:
  Bytes der_;
  std::vector<NameAttribute> attributes_;
  std::string canonical_;
  std::vector<std::string> canonical_rdns_;
};

struct GeneralName {
  // Numbered by their tags.
  enum class Kind {
    kOther = 0,
    kEmail = 1,
    kDns = 2,
    kX400 = 3,
    kDirectory = 4,
    kEdi = 5,
    kUri = 6,
    kIp = 7,
    kRegistered = 8
  };
  Kind kind = Kind::kOther;
  Bytes value;     // content octets: text for email, DNS, URI; 4 or 16 octets for IP (8 or 32 in name constraints)
  Name directory;  // for kDirectory only

  // Octets as text, for email, DNS and URI; may hold anything, NUL included.
  [[nodiscard]] std::string_view text() const { return as_text(value); }
  // For people: "web.example", "192.0.2.1", "2001:db8::1", "CN=x"; other kinds as "otherName 1.3.6.1…".
  [[nodiscard]] std::string display() const;
};

// A SEQUENCE OF GeneralName (`der` whole); nothing where it is malformed.
[[nodiscard]] std::optional<std::vector<GeneralName>> general_names_from_der(ByteView der);
// One GeneralName from a whole element.
[[nodiscard]] std::optional<GeneralName> general_name_from_der(ByteView whole);

// "192.0.2.1" or "2001:db8::1" (RFC 5952) for 4 or 16 octets, "address/mask" for 8 or 32; else hex.
[[nodiscard]] std::string ip_text(ByteView octets);
// 4 or 16 octets of an IP address in text form; nothing where it is none.
[[nodiscard]] std::optional<Bytes> ip_from_text(std::string_view text);

// Text of an ASN.1 string type as UTF-8, always valid. `tag` is one of UTF8, Printable, T61 (read as Latin-1), IA5,
// BMP, Universal, Numeric, Visible; other tags give nothing.
[[nodiscard]] std::optional<std::string> string_from_asn1(std::uint8_t tag, ByteView content);

}  // namespace certferry::x509
