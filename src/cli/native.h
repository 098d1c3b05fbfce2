// The native dialect: "certferry import --path web.pfx --roll", GNU style.
//
// Written by hand, not with CLI11: both dialects have to give the same value out of one constant table with the same
// errors; CLI11 would need that table copied into its own objects at each start, could do one of the dialects only, and
// keeps copies of passwords that nobody wipes.
#pragma once

#include <span>
#include <string>

#include "cli/binder.h"

namespace certferry::cli {

// words.words[0] is the program's name. Options for every command may stand before the command. Options are spelled in
// full: an abbreviation in a script would break when an option is added. `certferry Import-CsCertificate …` goes on in
// the cmdlet dialect.
[[nodiscard]] Parsed parse_native(Words words);
// The same for tests and fuzzing: no memory is written.
[[nodiscard]] Parsed parse_native(std::span<const std::string> arguments);

}  // namespace certferry::cli
