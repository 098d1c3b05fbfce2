// Shows where a command line is wrong: the line, and a caret below it.
#pragma once

#include <span>
#include <string>

namespace certferry::cli {

// Two lines without a line end: `  Import-CsCertificate -Efective 7/31` and `                       ^~~~~~~~~`. Points at
// words[word] from byte `offset`, or behind the last word when there is no such word. Control characters are escaped.
// A long line is cut at the left. `more` adds an ellipsis for words that are not shown. Empty without words.
[[nodiscard]] std::string caret_lines(std::span<const std::string> words, std::size_t word, std::size_t offset,
                                      bool more);

}  // namespace certferry::cli
