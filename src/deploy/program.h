// Runs one of a service's programs, and tells what it said where it fails.
#pragma once

#include <string_view>

#include "base/process.h"
#include "base/result.h"

namespace certferry::deploy {

// Error `id` (kFailed) where it ends with another status than 0, by a signal or not in time, or where its output lacks
// `expect`; the message ends with the end of its output. Errors of Process::run besides.
[[nodiscard]] Result<> run_program(Process& process, const Command& command, std::string_view expect,
                                   std::string_view id);

}  // namespace certferry::deploy
