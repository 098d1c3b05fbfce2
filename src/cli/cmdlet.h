// The cmdlet dialect: PowerShell's rules for parameters, read from a shell's words.
//
// Parameters are named in any case and by any unambiguous prefix; "-Switch:$false", "-Param:value", "-Param: value";
// lists with or without spaces; dashes may be the typographic ones that text processors put into runbooks. certferry's
// own options are spelled with two dashes, in full, and never count for prefixes.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/binder.h"

namespace certferry::cli {

// words.words[0] is the cmdlet's name as it was called.
[[nodiscard]] Parsed parse_cmdlet(const Command& command, Words words);
// The same for tests and fuzzing: no memory is written. Fails with CF1001 when `name` is no cmdlet.
[[nodiscard]] Parsed parse_cmdlet(std::string_view name, std::span<const std::string> arguments);

}  // namespace certferry::cli
