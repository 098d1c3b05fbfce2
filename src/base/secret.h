// Bytes that must not be left behind: private keys and passwords.
#pragma once

#include <string_view>

#include "base/bytes.h"

namespace certferry {

// Owns bytes and wipes them when it is destroyed, moved from or assigned. Move-only; has no stream or format operator,
// so that a log statement with a Secret does not compile. Comparing is constant time in the length of `this`.
class Secret {
 public:
  Secret() = default;
  explicit Secret(ByteView bytes) : bytes_(bytes.begin(), bytes.end()) {}
  explicit Secret(std::string_view text) : Secret(as_bytes(text)) {}
  // Takes over the buffer without a copy.
  explicit Secret(Bytes&& bytes) : bytes_(std::move(bytes)) {}
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  // A second copy has to be asked for by name.
  [[nodiscard]] Secret clone() const { return Secret(view()); }
  [[nodiscard]] ByteView view() const { return bytes_; }
  [[nodiscard]] std::string_view text() const { return as_text(bytes_); }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  [[nodiscard]] bool operator==(const Secret& other) const;

 private:
  void wipe() noexcept;
  Bytes bytes_;
};

// Overwrites memory so that the compiler cannot leave it out.
void wipe(std::span<std::uint8_t> bytes) noexcept;

}  // namespace certferry
