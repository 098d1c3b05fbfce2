// What NTP servers say of this computer's clock.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/finding.h"

namespace certferry::agent {

// Belongs to one thread.
class TimeSource {
 public:
  struct Word {
    std::optional<std::chrono::seconds> offset;  // how much later it is than the clock says; nothing: nobody knows
    Findings findings;                           // CF2103 where servers are named and none answers
  };

  // Asks the servers ("HOST" or "HOST:PORT") and takes the one in the middle, so that one of three may be wrong. What was said is
  // believed for an hour: a date shall not wait for a network. forget(): asks anew.
  [[nodiscard]] Word ask(const std::vector<std::string>& servers, const Clock& clock);
  void forget() { asked_.reset(); }
  // When ask() would ask anew.
  [[nodiscard]] std::optional<Time> stale_at() const { return stale_at_; }

 private:
  std::optional<std::chrono::nanoseconds> asked_;  // of Clock::monotonic()
  std::optional<Time> stale_at_;
  Word word_;
};

}  // namespace certferry::agent
