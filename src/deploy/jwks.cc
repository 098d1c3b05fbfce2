#include "deploy/jwks.h"

#define OPENSSL_SUPPRESS_DEPRECATED  // openssl_ptr.h names what it owns, old and new
#include <openssl/core_names.h>
#include <openssl/err.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "x509/digest.h"
#include "x509/openssl_ptr.h"

namespace certferry::deploy {
namespace {

using nlohmann::ordered_json;

// What RFC 7638 takes the thumbprint of, in its order, and how tokens are signed with the key.
struct Jwk {
  ordered_json required;
  std::string_view algorithm;
};

// The octets of a number, in its shortest form or padded to `size` (RFC 7518 sections 6.2.1.2 and 6.3.1.1).
std::optional<std::string> number(const EVP_PKEY* key, const char* name, int size = 0) {
  BIGNUM* found = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &found) != 1) return std::nullopt;
  const x509::BignumPtr value(found);
  Bytes octets(static_cast<std::size_t>(std::max(size, BN_num_bytes(found))));
  if (BN_bn2binpad(found, octets.data(), static_cast<int>(octets.size())) < 0) return std::nullopt;
  return base64url(octets);
}

std::optional<Jwk> rsa(const EVP_PKEY* key, std::string_view algorithm) {
  const auto exponent = number(key, OSSL_PKEY_PARAM_RSA_E);
  const auto modulus = number(key, OSSL_PKEY_PARAM_RSA_N);
  if (!exponent || !modulus) return std::nullopt;
  return Jwk{{{"e", *exponent}, {"kty", "RSA"}, {"n", *modulus}}, algorithm};
}

std::optional<Jwk> ec(const EVP_PKEY* key, x509::Oid curve) {
  struct Curve {
    x509::Oid oid;
    std::string_view name;
    std::string_view algorithm;
    int size;
  };
  constexpr Curve kCurves[] = {{x509::oid::kP256, "P-256", "ES256", 32},
                               {x509::oid::kP384, "P-384", "ES384", 48},
                               {x509::oid::kP521, "P-521", "ES512", 66}};
  const auto* const known = std::ranges::find(kCurves, curve, &Curve::oid);
  if (known == std::end(kCurves)) return std::nullopt;
  const auto x = number(key, OSSL_PKEY_PARAM_EC_PUB_X, known->size);
  const auto y = number(key, OSSL_PKEY_PARAM_EC_PUB_Y, known->size);
  if (!x || !y) return std::nullopt;
  return Jwk{{{"crv", known->name}, {"kty", "EC"}, {"x", *x}, {"y", *y}}, known->algorithm};
}

// RFC 8037.
std::optional<Jwk> edwards(const EVP_PKEY* key, std::string_view curve) {
  std::size_t size = 0;
  if (EVP_PKEY_get_raw_public_key(key, nullptr, &size) != 1) return std::nullopt;
  Bytes octets(size);
  if (EVP_PKEY_get_raw_public_key(key, octets.data(), &size) != 1) return std::nullopt;
  return Jwk{{{"crv", curve}, {"kty", "OKP"}, {"x", base64url(octets)}}, "EdDSA"};
}

std::optional<Jwk> find_jwk(const x509::PublicKey& key) {
  const unsigned char* at = key.spki().data();
  const x509::EvpKeyPtr decoded(d2i_PUBKEY(nullptr, &at, static_cast<long>(key.spki().size())));
  if (!decoded) return std::nullopt;
  switch (key.algorithm()) {
    case x509::KeyAlgorithm::kRsa: return rsa(decoded.get(), "RS256");
    case x509::KeyAlgorithm::kRsaPss: return rsa(decoded.get(), "PS256");
    case x509::KeyAlgorithm::kEc: return ec(decoded.get(), key.curve());
    case x509::KeyAlgorithm::kEd25519: return edwards(decoded.get(), "Ed25519");
    case x509::KeyAlgorithm::kEd448: return edwards(decoded.get(), "Ed448");
    default: return std::nullopt;
  }
}

Result<Jwk> jwk_of(const x509::PublicKey& key) {
  std::optional<Jwk> jwk = find_jwk(key);
  ERR_clear_error();
  if (jwk) return std::move(*jwk);
  return fail(ErrorKind::kFailed, "CF1652", "a key of the kind " + key.text() + " cannot be in a JWK Set",
              "sign tokens with RSA, P-256, P-384, P-521 or Ed25519");
}

std::string thumbprint(const Jwk& jwk) { return base64url(x509::sha256(as_bytes(jwk.required.dump()))); }

}  // namespace

Result<std::string> key_id(const x509::PublicKey& key) {
  CERTFERRY_ASSIGN(const Jwk jwk, jwk_of(key));
  return thumbprint(jwk);
}

Result<std::string> jwk_set(const std::vector<PublishedCertificate>& certificates) {
  ordered_json keys = ordered_json::array();
  std::set<std::string> known;
  for (const PublishedCertificate& each : certificates) {
    CERTFERRY_ASSIGN(const Jwk jwk, jwk_of(each.leaf->public_key));
    const std::string id = thumbprint(jwk);
    if (!known.insert(id).second) continue;
    ordered_json entry = {{"kty", jwk.required.at("kty")}, {"use", "sig"}, {"alg", jwk.algorithm}, {"kid", id}};
    entry.update(jwk.required);
    entry["x5c"] = ordered_json::array();
    entry["x5c"].push_back(base64(each.leaf->der));
    for (const x509::Certificate& issuer : each.chain) entry["x5c"].push_back(base64(issuer->der));
    entry["x5t#S256"] = base64url(each.leaf->sha256);
    keys.push_back(std::move(entry));
  }
  return ordered_json({{"keys", std::move(keys)}}).dump() + "\n";
}

}  // namespace certferry::deploy
