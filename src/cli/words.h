// Words on a command line: comparing, splitting, measuring, showing.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace certferry::cli {

// Without regard to the case of ASCII letters.
[[nodiscard]] bool begins_with_word(std::string_view text, std::string_view prefix);

// The candidate that `word` was probably meant to be, or empty.
[[nodiscard]] std::string nearest(std::string_view word, std::span<const std::string_view> candidates);

[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
// "a, b or c".
[[nodiscard]] std::string listed(std::span<const std::string> words, std::string_view last_joint = "or");

// Columns that UTF-8 text takes on a terminal: 2 for East Asian wide characters and emoji, 0 for combining ones.
[[nodiscard]] std::size_t columns(std::string_view text);

// For a POSIX shell: as it is where that is safe, else in single quotes.
[[nodiscard]] std::string shell_quoted(std::string_view word);

}  // namespace certferry::cli
