// Certificate revocation lists (RFC 5280 sections 5 and 6.3): complete lists by the issuer of the certificate itself.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "x509/certificate.h"

namespace certferry::chain {

// Immutable, cheap to copy; safe to use from several threads.
class Crl {
 public:
  // Copies `der`. CF1320 (kRejected) where it is no CRL.
  [[nodiscard]] static Result<Crl> from_der(ByteView der);
  // Every CRL of a file, DER or PEM ("X509 CRL", text between allowed). CF1320 where there is none or one is malformed.
  [[nodiscard]] static Result<std::vector<Crl>> read_all(ByteView file);

  [[nodiscard]] const x509::Name& issuer() const;
  [[nodiscard]] Time this_update() const;
  [[nodiscard]] std::optional<Time> next_update() const;

  struct Fields;
  [[nodiscard]] const Fields& fields() const { return *fields_; }

 private:
  explicit Crl(std::shared_ptr<const Fields> fields) : fields_(std::move(fields)) {}
  std::shared_ptr<const Fields> fields_;
};

enum class Revocation {
  kGood,  // a list covers the certificate and does not name it
  kRevoked,  // a list names it
  kUnusable,  // there are lists of the issuer, but none can be used: `reason` says why
  kNoList,  // no list of its issuer
};

struct RevocationStatus {
  Revocation revocation = Revocation::kNoList;
  std::string reason;  // kRevoked: "since 2026-…, key compromise"; kUnusable: why
};

// Whether `issuer` revoked `certificate` (which it signed), by what `crls` say at `now`.
[[nodiscard]] RevocationStatus revocation_of(const x509::CertificateFields& certificate,
                                             const x509::CertificateFields& issuer, std::span<const Crl> crls,
                                             Time now);

}  // namespace certferry::chain
