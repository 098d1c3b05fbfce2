// One process at a time changes what lies below a home.
#pragma once

#include <string>
#include <utility>

#include "base/descriptor.h"
#include "base/result.h"

namespace certferry::commands {

// An advisory lock on a file; the kernel drops it with the process, however that ends.
class Lock {
 public:
  // Waits up to `seconds`. CF1730 (kConflict) where another process keeps it, CF1731 where the file cannot be made.
  [[nodiscard]] static Result<Lock> take(const std::string& path, int seconds);

 private:
  explicit Lock(Descriptor file) : file_(std::move(file)) {}

  Descriptor file_;
};

}  // namespace certferry::commands
