#include "seal/keys.h"

#include <cstring>
#include <mutex>
#include <unordered_set>

#include "seal/key_error.h"
#include "seal/p256.h"
#include "x509/der.h"
#include "x509/der_writer.h"
#include "x509/digest.h"
#include "x509/openssl_objects.h"

namespace certferry::seal {
namespace {

// AlgorithmIdentifier of ecdsa-with-SHA256 (RFC 5758 section 3.2), OIDs of prime256v1 and id-ecPublicKey with their headers.
constexpr std::uint8_t kEcdsaSha256[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
constexpr std::uint8_t kP256Oid[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
constexpr std::uint8_t kPublicKeyOid[] = {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
constexpr std::uint8_t kVersion1[] = {der::kInteger, 1, 1};

using Digest = decltype(x509::sha256({}));

// Those that were found good: one command asks for the statements of a fleet several times, and a digest costs a tenth of a signature.
// Thread-safe. Forgets all of them when it is full.
class GoodSignatures {
 public:
  [[nodiscard]] bool contains(const Digest& digest) {
    const std::scoped_lock lock(mutex_);
    return digests_.contains(digest);
  }
  void insert(const Digest& digest) {
    const std::scoped_lock lock(mutex_);
    if (digests_.size() >= kMost) digests_.clear();
    digests_.insert(digest);
  }

 private:
  static constexpr std::size_t kMost = 65'536;
  struct Hash {
    std::size_t operator()(const Digest& digest) const {
      std::size_t hash = 0;
      std::memcpy(&hash, digest.data(), sizeof hash);
      return hash;
    }
  };
  std::mutex mutex_;
  std::unordered_set<Digest, Hash> digests_;
};

GoodSignatures& good_signatures() {
  static GoodSignatures all;
  return all;
}

}  // namespace

Result<x509::PrivateKey> make_key() {
  CERTFERRY_ASSIGN(const Secret scalar, random_scalar());
  return key_of(scalar);
}

Result<x509::PrivateKey> key_of(const Secret& scalar) {
  CERTFERRY_ASSIGN(const Bytes point, public_point(scalar));
  // ECPrivateKey (RFC 5915).
  const Secret octets(der::element(der::kOctetString, {scalar.view()}));
  const Bytes curve = der::element(der::context(0), {kP256Oid});
  const Bytes own = der::element(der::context(1), {der::bit_string(point)});
  const Secret key(der::element(der::kSequence, {kVersion1, octets.view(), curve, own}));
  return x509::PrivateKey::from_sec1(key.view());
}

std::string fingerprint(ByteView spki) { return hex_lower(x509::sha256(spki)); }
std::string key_id(ByteView spki) { return fingerprint(spki).substr(0, 32); }

Result<x509::PublicKey> read_key(ByteView spki) {
  auto key = x509::PublicKey::from_spki(spki);
  if (!key || !point_of(*key)) {
    return no_public_key();
  }
  return std::move(*key);
}

Result<x509::PublicKey> key_at(ByteView point) {
  if (!is_point(point)) return no_public_key();
  // SubjectPublicKeyInfo (RFC 5480 section 2).
  const Bytes algorithm = der::element(der::kSequence, {kPublicKeyOid, kP256Oid});
  return read_key(der::element(der::kSequence, {algorithm, der::bit_string(point)}));
}

Result<Bytes> point_of(const x509::PublicKey& key) {
  const ByteView bits = key.key_bits();
  const Bytes curve = der::element(der::kOid, {as_bytes(key.curve())});
  if (key.algorithm() != x509::KeyAlgorithm::kEc || !equal(curve, kP256Oid) || bits.size() != kPointOctets) {
    return no_public_key();
  }
  return to_bytes(bits);
}

Result<Secret> scalar_of(const x509::PrivateKey& key) {
  CERTFERRY_TRY(point_of(key.public_key()));
  const x509::EvpKeyPtr handle = x509::openssl_key(key);
  BIGNUM* found = nullptr;
  if (!handle || EVP_PKEY_get_bn_param(handle.get(), "priv", &found) != 1) return no_private_key();
  const x509::BignumPtr value(found);
  Bytes octets(kScalarOctets);
  if (BN_bn2binpad(value.get(), octets.data(), kScalarOctets) != kScalarOctets) return no_private_key();
  return Secret(std::move(octets));
}

Result<Bytes> sign(const x509::PrivateKey& key, ByteView message) {
  CERTFERRY_TRY(point_of(key.public_key()));
  const x509::EvpKeyPtr handle = x509::openssl_key(key);
  const x509::EvpDigestContextPtr context(EVP_MD_CTX_new());
  std::size_t size = 0;
  if (!handle || !context || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, handle.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, message.data(), message.size()) != 1) {
    return no_private_key();
  }
  Bytes signature(size);
  if (EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) != 1)
    return openssl_failed();
  signature.resize(size);
  return signature;
}

bool verifies(const x509::PublicKey& key, ByteView message, ByteView signature) {
  const Bytes key_digest = to_bytes(x509::sha256(key.spki())), message_digest = to_bytes(x509::sha256(message));
  Bytes all = key_digest;
  all.insert(all.end(), message_digest.begin(), message_digest.end());
  all.insert(all.end(), signature.begin(), signature.end());
  const Digest digest = x509::sha256(all);
  if (good_signatures().contains(digest)) return true;
  if (key.verify(kEcdsaSha256, message, signature) != x509::SignatureStatus::kGood) return false;
  good_signatures().insert(digest);
  return true;
}

}  // namespace certferry::seal
