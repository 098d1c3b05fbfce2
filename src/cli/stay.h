// The commands that stay in the foreground until somebody ends them: agent, serve.
#pragma once

#include "base/result.h"
#include "cli/invocation.h"
#include "cli/terminal.h"
#include "commands/environment.h"
#include "commands/outcome.h"

namespace certferry::cli {

// Writes what happens to standard error, a line each with time and severity.
[[nodiscard]] Result<commands::Outcome> stay(const Invocation& invocation, const Terminal& terminal,
                                             commands::Environment& environment);

}  // namespace certferry::cli
