// The curve P-256 (FIPS 186-4, RFC 9180 section 7.1) as HPKE needs it: numbers and points as octets.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace certferry::seal {

inline constexpr std::size_t kScalarOctets = 32;  // big-endian
inline constexpr std::size_t kPointOctets = 65;   // uncompressed (SEC 1 section 2.3.3)

// From 1 to the order less 1, by OpenSSL's generator of private randomness. CF2203 where it has none.
[[nodiscard]] Result<Secret> random_scalar();
// The point that belongs to it. CF2202 where it is no private key.
[[nodiscard]] Result<Bytes> public_point(const Secret& scalar);
// Whether they are one (SEC 1 section 2.3.4): on the curve, not infinity.
[[nodiscard]] bool is_point(ByteView octets);
// The x coordinate of scalar · point, 32 octets. Constant time in the scalar. CF2201 where `point` is not on the curve,
// CF2202 where `scalar` is no private key.
[[nodiscard]] Result<Secret> diffie_hellman(const Secret& scalar, ByteView point);

}  // namespace certferry::seal
