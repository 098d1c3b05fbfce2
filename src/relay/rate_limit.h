// How often somebody may ask.
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/clock.h"

namespace certferry::relay {

// A token bucket for each name. Any number of threads.
class RateLimit {
 public:
  static constexpr std::size_t kMostNames = 4'096;

  // `burst` at once, then one each `interval`.
  RateLimit(const Clock& clock, unsigned burst, std::chrono::milliseconds interval)
      : clock_(clock), burst_(burst), interval_(interval) {}
  [[nodiscard]] bool allows(const std::string& name);

 private:
  const Clock& clock_;
  const unsigned burst_;
  const std::chrono::nanoseconds interval_;
  std::mutex mutex_;
  // By when the bucket is full again. Those that are, are forgotten when there are too many.
  std::unordered_map<std::string, std::chrono::nanoseconds> full_at_;
};

}  // namespace certferry::relay
