// Makes certificates for tests, good ones and odd ones: every octet can be chosen. Not part of the program.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "x509/certificate.h"

struct evp_pkey_st;  // EVP_PKEY

namespace certferry::x509::testing {

// The date at which tests live; certificates made with the defaults are in the middle of their life then.
inline constexpr Time kNow = std::chrono::sys_days(std::chrono::year(2026) / 6 / 1);

enum class KeyKind {
  kRsa1024,
  kRsa2048,
  kRsa3072,
  kRsaPss2048,
  kP224,
  kP256,
  kP384,
  kP521,
  kSecp256k1,
  kP256Explicit,
  kEd25519,
  kEd448,
};

// A private key. Copies share it.
class TestKey {
 public:
  // Made once in the process for each pair of kind and label, then taken from a cache.
  [[nodiscard]] static TestKey named(std::string_view label, KeyKind kind = KeyKind::kP256);

  [[nodiscard]] KeyKind kind() const { return kind_; }
  // PrivateKeyInfo (PKCS#8 v1), DER, unencrypted.
  [[nodiscard]] Bytes pkcs8() const;
  // SubjectPublicKeyInfo, DER.
  [[nodiscard]] Bytes spki() const;
  // Over `message`; `digest` is ignored by Ed25519 and Ed448.
  [[nodiscard]] Bytes sign(ByteView message, std::string_view digest) const;
  // The whole AlgorithmIdentifier that goes with sign().
  [[nodiscard]] Bytes signature_algorithm(std::string_view digest) const;
  // For building files around the key. Lives as long as this.
  [[nodiscard]] evp_pkey_st* handle() const { return key_.get(); }

 private:
  KeyKind kind_ = KeyKind::kP256;
  std::shared_ptr<evp_pkey_st> key_;
};

struct RawExtension {
  std::string oid;  // dotted
  Bytes value;      // what the OCTET STRING holds
  bool critical = false;
};

// Attribute name ("CN", "O", "OU", "C", "L", "ST", "DC", "serialNumber", "emailAddress" or dotted) and UTF-8 value; the
// root of the name (the country) first. Countries become PrintableString, DC and emailAddress IA5String.
using NameSpec = std::vector<std::pair<std::string, std::string>>;

// What a certificate shall say. Made for designated initializers: `{.names = {"a.example"}, .digest = "SHA1"}`.
struct CertificateSpec {
  NameSpec subject = {{"CN", "web.litwareinc.com"}};
  // subjectAltName: DNS names as they are; "IP:192.0.2.1", "email:a@b", "URI:https://…", "dirName:common name" for the
  // rest. Empty: no extension. Octets are taken as they are, NUL too.
  std::vector<std::string> names = {};
  bool names_critical = false;
  // "serverAuth", "clientAuth", "codeSigning", "emailProtection", "timeStamping", "OCSPSigning", "any" or dotted.
  // Empty: no extension.
  std::vector<std::string> extended_key_usage = {};
  std::optional<std::uint16_t> key_usage = std::nullopt;  // KeyUsageBit
  std::optional<bool> ca = std::nullopt;  // none: no basicConstraints
  std::optional<int> path_length = std::nullopt;
  Time not_before = std::chrono::sys_days(std::chrono::year(2026) / 5 / 1);
  Time not_after = std::chrono::sys_days(std::chrono::year(2026) / 7 / 30);
  Bytes serial = {0x5a, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08};  // content octets of the INTEGER
  KeyKind key_kind = KeyKind::kP256;
  // None: the key named after the subject, so that the same subject gets the same key in one process.
  std::optional<TestKey> key = std::nullopt;
  std::optional<Bytes> spki = std::nullopt;  // put in place of the key's own
  std::string digest = "SHA256";
  // Subject and authority key identifiers (SHA-1 of the key); the authority's is left out of self-signed ones.
  bool key_identifiers = true;
  std::vector<RawExtension> extensions = {};  // after the others, duplicates allowed
  int version = 3;
  std::optional<NameSpec> issuer = std::nullopt;  // put in place of the signer's subject
};

struct MadeCertificate {
  Bytes der;
  Bytes subject;  // the whole Name, DER
  TestKey key;

  // Parsed; throws std::runtime_error with the message where that fails.
  [[nodiscard]] Certificate certificate() const;
  [[nodiscard]] std::string pem() const;
};

// Signed by `issuer`, or with its own key where that is null.
[[nodiscard]] MadeCertificate make_certificate(const CertificateSpec& spec, const MadeCertificate* issuer = nullptr);

// A root of the given name: CA, keyCertSign and cRLSign, 2020 to 2040.
[[nodiscard]] MadeCertificate make_root(std::string_view common_name, KeyKind kind = KeyKind::kP256);
// A CA below `issuer`, 2024 to 2034.
[[nodiscard]] MadeCertificate make_intermediate(std::string_view common_name, const MadeCertificate& issuer,
                                                KeyKind kind = KeyKind::kP256);
// A server's certificate as a public CA issues it: names (the first one is the common name), serverAuth,
// digitalSignature, CA:FALSE, 90 days around kNow.
[[nodiscard]] CertificateSpec server_spec(std::vector<std::string> names);

// DER for hand-made extensions: one element; several one after the other.
[[nodiscard]] Bytes der_element(std::uint8_t tag, ByteView content);
[[nodiscard]] Bytes der_sequence(const std::vector<Bytes>& elements, std::uint8_t tag = 0x30);
// A Name, DER.
[[nodiscard]] Bytes der_name(const NameSpec& name);

}  // namespace certferry::x509::testing
