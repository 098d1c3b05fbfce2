// `certferry agent`: does what is due, when it is due.
#pragma once

#include <functional>
#include <string>

#include "commands/environment.h"
#include "commands/home.h"
#include "commands/outcome.h"

namespace certferry::agent {

// One cycle, as a command.
[[nodiscard]] commands::Outcome run_once(commands::Environment& environment, commands::Home& home);

// One line of the log, without its end: plain text that may hold hostile names.
using Log = std::function<void(Severity severity, const std::string& line)>;

// Cycles until SIGTERM or SIGINT; between two it sleeps until the next date, a change of the store or of the clock, or
// SIGHUP. What fails is told to `log` and tried again, after one second at first and after a minute at
// last; a service that did not take its certificate is told and left alone until somebody asks. Fails only where it
// cannot wait at all (CF2101), or cannot open the home at the start.
[[nodiscard]] Result<> run_agent(commands::Environment& environment, const std::string& home, const Log& log);

}  // namespace certferry::agent
