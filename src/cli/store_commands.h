// From the command line to `certferry store`.
#pragma once

#include "cli/fleet_commands.h"

namespace certferry::cli {

// CF1082, CF1083 (usage) where a word is missing.
[[nodiscard]] Result<commands::Outcome> run_store_command(const Invocation& invocation,
                                                          commands::Environment& environment, const OpenHome& open);

}  // namespace certferry::cli
