// X.509 certificates as plain values (RFC 5280). Reading is lenient, judging is others' work: what departs from the RFC
// but can be read is listed in `defects` for chain/ and checks/.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "x509/name.h"
#include "x509/oid.h"
#include "x509/public_key.h"

namespace certferry::x509 {

struct Extension {
  Oid oid;  // content octets; a view into the certificate
  bool critical = false;
  ByteView value;  // what the OCTET STRING holds
};

struct BasicConstraints {
  bool ca = false;
  std::optional<std::uint32_t> path_length;  // without self-issued certificates
};

// Bits of KeyUsage (RFC 5280 section 4.2.1.3), bit 0 is digitalSignature.
enum KeyUsageBit : std::uint16_t {
  kDigitalSignature = 1 << 0,
  kNonRepudiation = 1 << 1,
  kKeyEncipherment = 1 << 2,
  kDataEncipherment = 1 << 3,
  kKeyAgreement = 1 << 4,
  kKeyCertSign = 1 << 5,
  kCrlSign = 1 << 6,
  kEncipherOnly = 1 << 7,
  kDecipherOnly = 1 << 8,
};

struct AuthorityKeyIdentifier {
  std::optional<Bytes> key_id;
  std::vector<GeneralName> issuer;
  std::optional<Bytes> serial;
};

struct GeneralSubtree {
  GeneralName base;
  bool has_bounds = false;  // minimum other than 0, or a maximum: RFC 5280 forbids both
};

struct NameConstraints {
  std::vector<GeneralSubtree> permitted;
  std::vector<GeneralSubtree> excluded;
};

// A departure from RFC 5280 or X.690 that did not keep the certificate from being read.
struct Defect {
  enum class Kind {
    kMalformedExtension,  // `oid` says which; its parsed form is absent
    kDuplicateExtension,  // `oid` says which; the first one is parsed
    kBadTime,  // not a UTCTime/GeneralizedTime of RFC 5280's form; read as well as it could be
    kSerial,  // empty, not in its shortest form
    kVersion,  // extensions in a certificate that is not v3, unknown version
    kSignatureAlgorithmMismatch,  // inner and outer AlgorithmIdentifier differ
    kNotDer,  // BOOLEAN other than FF, encoded DEFAULT, other BER forms
    kTrailingData,  // after the last field of a structure
    kUnusedBits,  // a BIT STRING of the signature or key with unused bits
  };
  Kind kind;
  std::string oid;  // content octets of the extension concerned, or empty
  std::string message;  // "basicConstraints cannot be read"
};

// Everything a certificate says. Views point into `der`, which lives as long as this.
struct CertificateFields {
  Bytes der;
  std::array<std::uint8_t, 32> sha256{};
  std::array<std::uint8_t, 20> sha1{};
  ByteView tbs;  // whole TBSCertificate: what is signed
  ByteView signature_algorithm;  // whole outer AlgorithmIdentifier
  ByteView signature;
  int version = 1;  // 1, 2, 3
  Bytes serial;  // content octets of the INTEGER, two's complement
  Name issuer;
  Name subject;
  Time not_before{};
  Time not_after{};
  PublicKey public_key;
  std::vector<Extension> extensions;

  // Parsed extensions; absent where the certificate has none or it could not be read (see defects).
  std::optional<BasicConstraints> basic_constraints;
  std::optional<std::uint16_t> key_usage;  // KeyUsageBit
  std::optional<std::vector<Oid>> extended_key_usage;  // views
  std::optional<std::vector<GeneralName>> subject_alt_names;
  std::optional<NameConstraints> name_constraints;
  std::optional<Bytes> subject_key_id;
  std::optional<AuthorityKeyIdentifier> authority_key_id;
  std::vector<std::string> ocsp_urls;
  std::vector<std::string> ca_issuer_urls;
  bool must_staple = false;
  std::vector<Defect> defects;
};

// Immutable, cheap to copy (shared), safe to use from several threads.
class Certificate {
 public:
  // Copies `der`. CF1153 (kRejected) where it is no certificate; bytes after it are an error as well.
  [[nodiscard]] static Result<Certificate> from_der(ByteView der);

  [[nodiscard]] const CertificateFields* operator->() const { return fields_.get(); }
  [[nodiscard]] const CertificateFields& operator*() const { return *fields_; }

  // SHA-256 of the DER, lower-case hex: the identity inside the system.
  [[nodiscard]] std::string sha256_hex() const { return hex_lower(fields_->sha256); }
  // SHA-1 of the DER, upper-case hex: as Windows prints it.
  [[nodiscard]] std::string thumbprint() const { return hex_upper(fields_->sha1); }
  // Upper-case hex without a leading zero octet, as Windows prints it.
  [[nodiscard]] std::string serial_hex() const;
  [[nodiscard]] const Extension* extension(Oid oid) const;
  [[nodiscard]] bool has_critical(Oid oid) const;
  // Subject equals issuer. Says nothing about the signature.
  [[nodiscard]] bool self_issued() const { return fields_->subject == fields_->issuer; }
  // Self-issued and signed with its own key.
  [[nodiscard]] bool self_signed() const;
  // basicConstraints CA, or a v1 self-signed root.
  [[nodiscard]] bool is_ca() const;
  // DNS names and IP addresses of the subjectAltName as text, in their order.
  [[nodiscard]] std::vector<std::string> names() const;
  // "-----BEGIN CERTIFICATE-----…", 64 columns.
  [[nodiscard]] std::string pem() const;

  // Same certificate, octet for octet.
  [[nodiscard]] bool operator==(const Certificate& other) const { return fields_->sha256 == other.fields_->sha256; }

 private:
  explicit Certificate(std::shared_ptr<const CertificateFields> fields) : fields_(std::move(fields)) {}
  std::shared_ptr<const CertificateFields> fields_;
};

}  // namespace certferry::x509
