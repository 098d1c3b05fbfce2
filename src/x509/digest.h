// Message digests over whole buffers.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace certferry::x509 {

[[nodiscard]] std::array<std::uint8_t, 20> sha1(ByteView bytes);
[[nodiscard]] std::array<std::uint8_t, 32> sha256(ByteView bytes);

}  // namespace certferry::x509
