#include "relay/rate_limit.h"

#include <algorithm>

namespace certferry::relay {

bool RateLimit::allows(const std::string& name) {
  const std::scoped_lock lock(mutex_);
  const std::chrono::nanoseconds now = clock_.monotonic();
  if (full_at_.size() >= kMostNames && !full_at_.contains(name)) {
    std::erase_if(full_at_, [now](const auto& one) { return one.second <= now; });
    if (full_at_.size() >= kMostNames) return false;
  }
  std::chrono::nanoseconds& full_at = full_at_.try_emplace(name, now).first->second;
  const std::chrono::nanoseconds after = std::max(full_at, now) + interval_;
  if (after > now + interval_ * burst_) return false;
  full_at = after;
  return true;
}

}  // namespace certferry::relay
