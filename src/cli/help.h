// Help, made from the table.
#pragma once

#include <string>
#include <string_view>

#include "cli/parameters.h"

namespace certferry::cli {

// What `certferry help` prints: the commands and the options that all of them take.
[[nodiscard]] std::string help_overview();
// `certferry help import`, `Import-CsCertificate -?`: how the command is called in that dialect, its parameters, examples.
[[nodiscard]] std::string help_of(const Command& command, Dialect dialect);
// The command that a topic of `certferry help` names, by either name in any case; null when there is none.
[[nodiscard]] const Command* find_topic(std::string_view topic);

// Lines of at most `width` columns, each indented; '\n' in the text starts a new paragraph.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t indent, std::size_t width = 80);
// "certferry import --path FILE [options]", one line for each parameter set.
[[nodiscard]] std::string usage_lines(const Command& command, Dialect dialect);

}  // namespace certferry::cli
