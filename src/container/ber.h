// BER (X.690 section 8) → DER-like bytes that x509/der.h reads: definite shortest lengths, strings in one piece.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace certferry::container {

struct Normalized {
  Bytes der;
  std::size_t consumed = 0;  // octets of the input that the first element took
};

// Rewrites the first element of `ber`. Contents of primitive elements are not looked into. CF1207 (kRejected) where it is cut
// off ("n of m bytes"), CF1208 where it is no BER, CF1209 where it is nested deeper than `depth`.
[[nodiscard]] Result<Normalized> normalize(ByteView ber, std::size_t depth);

// Whether the bytes begin like one BER element that could fill them: a SEQUENCE with a sane length.
[[nodiscard]] bool looks_like_sequence(ByteView bytes);

}  // namespace certferry::container
