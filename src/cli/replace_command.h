// `certferry replace`.
#pragma once

#include "base/secret.h"
#include "cli/fleet_commands.h"

namespace certferry::cli {

// `password`: of the files of --with; null: none was given.
[[nodiscard]] Result<commands::Outcome> run_replace(const Invocation& invocation, commands::Environment& environment,
                                                    const Secret* password, const OpenHome& open);

}  // namespace certferry::cli
