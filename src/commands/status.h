// `certferry status`: for each use what is assigned, what is really served, and what comes.
#pragma once

#include "commands/environment.h"
#include "commands/home.h"
#include "commands/outcome.h"

namespace certferry::commands {

// Asks every connection (commands/connections.h) of what is assigned. Fails with CF1788 (kPartly) where one serves something else or
// does not answer. Changes nothing.
[[nodiscard]] Outcome show_status(Environment& environment, Home& home);

}  // namespace certferry::commands
