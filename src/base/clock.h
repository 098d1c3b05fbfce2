// The only place that reads a clock. Everything else takes `now`.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace certferry {

// Seconds since 1970-01-01T00:00:00Z without leap seconds; holds every X.509 date up to 9999-12-31.
using Time = std::chrono::sys_seconds;

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Time now() const = 0;
  // For durations only; never goes back.
  [[nodiscard]] virtual std::chrono::nanoseconds monotonic() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Time now() const override;
  [[nodiscard]] std::chrono::nanoseconds monotonic() const override;
};

// Stands still until told.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Time now) : now_(now) {}
  [[nodiscard]] Time now() const override { return now_; }
  [[nodiscard]] std::chrono::nanoseconds monotonic() const override { return monotonic_; }
  void set(Time now) { now_ = now; }
  void advance(std::chrono::seconds by) {
    now_ += by;
    monotonic_ += by;
  }

 private:
  Time now_;
  std::chrono::nanoseconds monotonic_{0};
};

// RFC 3339 in UTC: "2026-11-23T09:42:18Z".
[[nodiscard]] std::string rfc3339(Time time);
// RFC 3339 with "Z" or an offset; fractions of a second are dropped. Else nothing.
[[nodiscard]] std::optional<Time> from_rfc3339(std::string_view text);

}  // namespace certferry
