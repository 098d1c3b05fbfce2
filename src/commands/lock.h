// One process at a time changes what lies below a home.
#pragma once

#include <string>

#include "base/result.h"

namespace certferry::commands {

// An advisory lock on a file; the kernel drops it with the process, however that ends.
class Lock {
 public:
  // Waits up to `seconds`. CF1730 (kConflict) where another process keeps it, CF1111 where the file cannot be made.
  [[nodiscard]] static Result<Lock> take(const std::string& path, int seconds);
  Lock(Lock&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Lock& operator=(Lock&&) = delete;
  ~Lock();

 private:
  explicit Lock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace certferry::commands
