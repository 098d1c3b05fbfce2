#include "base/secret.h"

#include <cstring>
#include <utility>

namespace certferry {

Secret::Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) { other.wipe(); }

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    bytes_ = std::move(other.bytes_);
    other.wipe();
  }
  return *this;
}

Secret::~Secret() { wipe(); }

bool Secret::operator==(const Secret& other) const {
  if (bytes_.size() != other.bytes_.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < bytes_.size(); ++i) difference |= static_cast<unsigned>(bytes_[i] ^ other.bytes_[i]);
  return difference == 0;
}

void Secret::wipe() noexcept {
  certferry::wipe(bytes_);
  bytes_.clear();
}

void wipe(std::span<std::uint8_t> bytes) noexcept {
  if (!bytes.empty()) explicit_bzero(bytes.data(), bytes.size());
}

}  // namespace certferry
