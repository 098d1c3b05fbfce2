// From the command line to the commands of a fleet: fleet, computer, role, admin-role, join.
#pragma once

#include <functional>

#include "cli/invocation.h"
#include "commands/environment.h"
#include "commands/home.h"
#include "commands/outcome.h"

namespace certferry::cli {

using OpenHome = std::function<Result<commands::Home>(commands::Home::Access)>;

// `invocation` is of one of those. CF1077, CF1078 (usage) where a word is missing.
[[nodiscard]] Result<commands::Outcome> run_fleet_command(const Invocation& invocation,
                                                          commands::Environment& environment, const OpenHome& open);

}  // namespace certferry::cli
