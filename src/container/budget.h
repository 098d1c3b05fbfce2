// What reading one file may still cost.
#pragma once

#include <string>

#include "container/read.h"

namespace certferry::container {

// Charged before the work is done. CF1210 (kRejected) where it would be too much.
class Budget {
 public:
  explicit Budget(const Limits& limits) : limits_(limits), iterations_(limits.kdf_iterations) {}

  [[nodiscard]] const Limits& limits() const { return limits_; }

  [[nodiscard]] Result<> charge(std::uint64_t iterations, std::uint64_t blocks) {
    if (blocks != 0 && iterations > iterations_ / blocks) {
      return fail(
          ErrorKind::kRejected, "CF1210",
          "the file asks for more than " + std::to_string(limits_.kdf_iterations) + " iterations of key derivation",
          "export it again with fewer iterations (600,000 are plenty); do not trust a file from an unknown source");
    }
    iterations_ -= iterations * blocks;
    return {};
  }

 private:
  Limits limits_;
  std::uint64_t iterations_;
};

}  // namespace certferry::container
