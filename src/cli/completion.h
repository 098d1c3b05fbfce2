// Completion scripts for shells, made from the table.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace certferry::cli {

// For "bash", "zsh" or "fish"; nothing for another shell. `types` are the names offered for a list of uses. The scripts
// run nothing: completing is as fast as the shell, and works before certferry can.
[[nodiscard]] std::optional<std::string> completion_script(std::string_view shell, std::span<const std::string> types);

}  // namespace certferry::cli
