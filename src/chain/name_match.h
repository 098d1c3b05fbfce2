// Whether a certificate is for a name (RFC 9525): subjectAltName only, never the common name.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "x509/certificate.h"

namespace certferry::chain {

// How strictly certificates are judged. kWeb holds public rules fatal (RFC 5280 and the CA/B Forum's Baseline
// Requirements; where the two differ, the stricter one); kTolerant takes what private CAs really issue and warns.
enum class Mode { kWeb, kTolerant };

// A name that a client would ask for.
struct Reference {
  enum class Kind { kDns, kIp, kEmail };
  Kind kind = Kind::kDns;
  std::string text;  // DNS: lower-case ASCII without trailing dot; else as given
  Bytes ip;          // 4 or 16 octets

  // An IP address where it is one (brackets around IPv6 are taken off), else a DNS name. Nothing where it is neither;
  // an internationalized name has to come as A-labels.
  [[nodiscard]] static std::optional<Reference> from_text(std::string_view text);
  // Nothing where it is not of the form local@host.
  [[nodiscard]] static std::optional<Reference> email(std::string_view text);
};

// The shapes a dNSName may have.
enum class DnsShape {
  kHost,  // letters, digits and hyphens: RFC 1034's preferred name syntax
  kWildcard,  // "*." and a host name of at least one label
  kUnderscore,  // a host name but for underscores
  kIpAddress,  // an IPv4 address written as a name
  kOther,  // anything else
};
[[nodiscard]] DnsShape dns_shape(std::string_view name);

// Whether the presented name covers the reference. A wildcard stands for exactly one whole left-most label, never
// below a public suffix (in kTolerant: one that the public list names).
[[nodiscard]] bool matches(const x509::GeneralName& presented, const Reference& reference, Mode mode);
// Whether any name of the certificate does.
[[nodiscard]] bool matches(const x509::CertificateFields& certificate, const Reference& reference, Mode mode);

// Splits "local@host"; nothing where it holds no or several "@", or one side is empty.
struct Mailbox {
  std::string_view local;
  std::string_view host;
};
[[nodiscard]] std::optional<Mailbox> split_mailbox(std::string_view address);

}  // namespace certferry::chain
