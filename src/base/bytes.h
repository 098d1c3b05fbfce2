// Bytes and their text forms.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace certferry {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

[[nodiscard]] inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
[[nodiscard]] inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
[[nodiscard]] inline Bytes to_bytes(ByteView view) { return {view.begin(), view.end()}; }
[[nodiscard]] bool equal(ByteView a, ByteView b);

// Upper case as in thumbprints ("B142…"); lower case as in folder names and JSON.
[[nodiscard]] std::string hex_upper(ByteView bytes);
[[nodiscard]] std::string hex_lower(ByteView bytes);
// Either case, no separators, an even count of digits; else nothing.
[[nodiscard]] std::optional<Bytes> from_hex(std::string_view text);

// RFC 4648 section 4. Decoding skips white space, wants right padding or none, refuses any other character.
[[nodiscard]] std::string base64(ByteView bytes);
// The same at the end of `out`: reserve before, where `bytes` is secret, so that nothing is left behind on the heap.
void append_base64(Bytes& out, ByteView bytes);
[[nodiscard]] std::optional<Bytes> from_base64(std::string_view text);
// RFC 4648 section 5, without padding. Decoding takes nothing else.
[[nodiscard]] std::string base64url(ByteView bytes);
[[nodiscard]] std::optional<Bytes> from_base64url(std::string_view text);

}  // namespace certferry
