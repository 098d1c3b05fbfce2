// One look of the agent: what is due, done.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/time_source.h"
#include "base/finding.h"
#include "base/result.h"
#include "commands/environment.h"
#include "commands/home.h"

namespace certferry::agent {

// What an agent keeps from one look to the next.
struct Remembered {
  TimeSource time;
  std::optional<store::Revision> members;  // up to where this home sealed what it has to the fleet's computers
};

struct Cycle {
  std::vector<std::string> actions;  // what was done, one sentence each
  Findings findings;
  std::vector<Error> failures;  // of single types: told, and not tried again until somebody asks for it
  bool held = false;  // the clock cannot be believed: nothing was done (CF2102)
  std::optional<Time> next;  // when something is due again; nothing: when the store changes
};

// Brings the disk and the services to what shall be at the clock's `now`, then writes the rolls that came to pass into
// the store, with an audit record. Idempotent; may be killed at any step and run again. CF2102 (a finding) where the
// store was written more than five minutes from now, CF2104 where the configured NTP servers say that the clock is as
// much off: a wrong clock must not roll anything.
[[nodiscard]] Result<Cycle> run_cycle(commands::Environment& environment, commands::Home& home, Remembered& remembered);

}  // namespace certferry::agent
