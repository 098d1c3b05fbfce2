// Public keys: what a SubjectPublicKeyInfo says, and verification of signatures with it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "x509/oid.h"

namespace certferry::x509 {

enum class KeyAlgorithm { kRsa, kRsaPss, kEc, kEd25519, kEd448, kDsa, kOther };

// "RSA", "RSA-PSS", "EC", "Ed25519", "Ed448", "DSA", "other".
[[nodiscard]] std::string_view name_of(KeyAlgorithm algorithm);

enum class SignatureStatus { kGood, kBad, kUnsupported };

// A value; copies share the decoded key. Verification may run on several threads at once.
class PublicKey {
 public:
  PublicKey() = default;
  // Takes any well-formed SubjectPublicKeyInfo, also of algorithms that certferry does not import; whether the key
  // itself can be used shows `verify`. Nothing where the structure is malformed.
  [[nodiscard]] static std::optional<PublicKey> from_spki(ByteView whole);

  [[nodiscard]] KeyAlgorithm algorithm() const { return algorithm_; }
  // Content octets of the algorithm's OID.
  [[nodiscard]] Oid algorithm_oid() const { return algorithm_oid_; }
  // Of the modulus, the curve's order, or the key; 0 where unknown.
  [[nodiscard]] int bits() const { return bits_; }
  // RSA's public exponent where it fits, else 0.
  [[nodiscard]] std::uint64_t rsa_exponent() const { return rsa_exponent_; }
  // Content octets of the named curve's OID; empty for other algorithms and for explicit parameters.
  [[nodiscard]] Oid curve() const { return curve_; }
  [[nodiscard]] bool explicit_curve() const { return explicit_curve_; }
  // The whole SubjectPublicKeyInfo.
  [[nodiscard]] ByteView spki() const { return spki_ ? ByteView(*spki_) : ByteView(); }
  // The octets of the subjectPublicKey BIT STRING, as the SHA-1 key identifier of RFC 5280 section 4.2.1.2 takes them.
  [[nodiscard]] ByteView key_bits() const;
  // "RSA 2048", "EC P-256", "Ed25519".
  [[nodiscard]] std::string text() const;
  // What services take: RSA, RSA-PSS, EC on P-256/384/521 by name, Ed25519, Ed448.
  [[nodiscard]] bool importable() const;

  // Equal keys: the same algorithm and the same key, whatever the parameters' encoding.
  [[nodiscard]] bool operator==(const PublicKey& other) const;

  // Whether `signature` over `message` was made by this key's owner. `algorithm` is the whole AlgorithmIdentifier.
  // MD5 and SHA-1 are verified too: whether they may be used is a matter of checks.
  [[nodiscard]] SignatureStatus verify(ByteView algorithm, ByteView message, ByteView signature) const;

 private:
  struct Decoded;  // OpenSSL's form of the key, made when it is first needed

  std::shared_ptr<const Bytes> spki_;
  std::string algorithm_oid_;
  std::string curve_;
  KeyAlgorithm algorithm_ = KeyAlgorithm::kOther;
  int bits_ = 0;
  std::uint64_t rsa_exponent_ = 0;
  bool explicit_curve_ = false;
  bool impossible_parameters_ = false;  // RSA-PSS: a salt longer than the modulus carries
  std::size_t key_bits_offset_ = 0;
  std::shared_ptr<Decoded> decoded_;
};

// What a signature algorithm is made of. `digest` is empty for Ed25519 and Ed448, which fix their own.
struct SignatureAlgorithm {
  std::string name;  // "RSA with SHA-256", "ECDSA with SHA-384", "RSA-PSS with SHA-256", "Ed25519"; else the dotted OID
  std::string digest;  // "SHA-256", "SHA-1", "MD5"
  KeyAlgorithm key = KeyAlgorithm::kOther;
};
// From a whole AlgorithmIdentifier.
[[nodiscard]] SignatureAlgorithm signature_algorithm(ByteView algorithm);

}  // namespace certferry::x509
