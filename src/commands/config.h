// `certferry config show`: every setting in force, and where it comes from.
#pragma once

#include "commands/environment.h"
#include "commands/outcome.h"
#include "fleet/config.h"

namespace certferry::commands {

[[nodiscard]] Outcome show_config(Environment& environment, const fleet::Config& config, bool origin);

}  // namespace certferry::commands
