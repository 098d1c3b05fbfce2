// Help, version, completions and manual pages: what needs neither home nor environment.
#pragma once

#include <optional>

#include "cli/invocation.h"
#include "cli/terminal.h"

namespace certferry::cli {

// The exit code, where the invocation asks for one of them; they must cost nothing.
[[nodiscard]] std::optional<int> answer_at_once(const Invocation& invocation, const Terminal& terminal);

}  // namespace certferry::cli
