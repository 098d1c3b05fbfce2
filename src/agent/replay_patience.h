// A relay that a computer comes to may be some seconds behind the one that it left, and says then what was said before. That is no
// replay until it stays so.
#pragma once

#include <chrono>
#include <optional>

#include "base/clock.h"
#include "base/finding.h"

namespace certferry::agent {

// For one thread.
class ReplayPatience {
 public:
  static constexpr std::chrono::seconds kPatience{60};

  // What to tell of what taking over found: all of it, but for the older statements (CF2217) of the last minute, which are told
  // when that is over.
  [[nodiscard]] Findings to_tell(Findings found, Time now);
  // What was kept back and is due now: once.
  [[nodiscard]] Findings overdue(Time now);
  // When overdue() will have something; nothing where nothing is kept back.
  [[nodiscard]] std::optional<Time> due() const { return due_; }

 private:
  Findings replays_;  // of the last time
  std::optional<Time> due_;  // nothing: they are told, or there are none
};

}  // namespace certferry::agent
