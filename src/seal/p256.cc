#include "seal/p256.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>

#include "seal/key_error.h"
#include "x509/openssl_ptr.h"

namespace certferry::seal {
namespace {

using x509::BignumContextPtr;
using x509::BignumPtr;
using x509::EcPointPtr;

// EVP's key objects cost five times the arithmetic; the group's own functions are as constant in time.
const EC_GROUP* group() {
  static const x509::EcGroupPtr kGroup(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  return kGroup.get();
}

Result<BignumPtr> number(const Secret& scalar) {
  BignumPtr value(BN_secure_new());
  if (!value || !BN_bin2bn(scalar.view().data(), static_cast<int>(scalar.size()), value.get())) return openssl_failed();
  BN_set_flags(value.get(), BN_FLG_CONSTTIME);
  if (scalar.size() != kScalarOctets || BN_is_zero(value.get()) ||
      BN_cmp(value.get(), EC_GROUP_get0_order(group())) >= 0) {
    return no_private_key();
  }
  return value;
}

}  // namespace

Result<Secret> random_scalar() {
  BignumPtr value(BN_secure_new());
  if (!value) return openssl_failed();
  do {
    if (BN_priv_rand_range(value.get(), EC_GROUP_get0_order(group())) != 1) return openssl_failed();
  } while (BN_is_zero(value.get()));
  Bytes octets(kScalarOctets);
  if (BN_bn2binpad(value.get(), octets.data(), kScalarOctets) != kScalarOctets) return openssl_failed();
  return Secret(std::move(octets));
}

Result<Bytes> public_point(const Secret& scalar) {
  CERTFERRY_ASSIGN(const BignumPtr value, number(scalar));
  const EcPointPtr point(EC_POINT_new(group()));
  const BignumContextPtr context(BN_CTX_secure_new());
  Bytes octets(kPointOctets);
  if (!point || !context || EC_POINT_mul(group(), point.get(), value.get(), nullptr, nullptr, context.get()) != 1 ||
      EC_POINT_point2oct(group(), point.get(), POINT_CONVERSION_UNCOMPRESSED, octets.data(), octets.size(),
                         context.get()) != kPointOctets) {
    return openssl_failed();
  }
  return octets;
}

bool is_point(ByteView octets) {
  const EcPointPtr point(EC_POINT_new(group()));
  const bool there = point && octets.size() == kPointOctets && octets[0] == POINT_CONVERSION_UNCOMPRESSED &&
                     EC_POINT_oct2point(group(), point.get(), octets.data(), octets.size(), nullptr) == 1;
  ERR_clear_error();
  return there;
}

Result<Secret> diffie_hellman(const Secret& scalar, ByteView point) {
  CERTFERRY_ASSIGN(const BignumPtr value, number(scalar));
  const EcPointPtr other(EC_POINT_new(group()));
  const EcPointPtr shared(EC_POINT_new(group()));
  const BignumContextPtr context(BN_CTX_secure_new());
  const BignumPtr x(BN_secure_new());
  if (!other || !shared || !context || !x) return openssl_failed();
  // oct2point refuses what is not on the curve; the order is prime, so that every point but infinity is of full order.
  if (point.size() != kPointOctets || point[0] != POINT_CONVERSION_UNCOMPRESSED ||
      EC_POINT_oct2point(group(), other.get(), point.data(), point.size(), context.get()) != 1) {
    return no_public_key();
  }
  Bytes octets(kScalarOctets);
  if (EC_POINT_mul(group(), shared.get(), nullptr, other.get(), value.get(), context.get()) != 1 ||
      EC_POINT_get_affine_coordinates(group(), shared.get(), x.get(), nullptr, context.get()) != 1 ||
      BN_bn2binpad(x.get(), octets.data(), kScalarOctets) != kScalarOctets) {
    return openssl_failed();
  }
  return Secret(std::move(octets));
}

}  // namespace certferry::seal
