// "did you mean …?" for words that people type.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace certferry {

// How many insertions, deletions, changes and swaps of neighbours lead from one word to the other, case aside
// (Damerau-Levenshtein with adjacent transpositions, each place edited once).
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

// The candidate nearest to `word`, the first of equals; nothing where none is near (a third of the longer one's
// length, at least one edit). A candidate that begins with `word` counts as one edit away, from three letters on.
[[nodiscard]] std::optional<std::string> did_you_mean(std::string_view word, std::span<const std::string> candidates);
[[nodiscard]] std::optional<std::string> did_you_mean(std::string_view word,
                                                      std::span<const std::string_view> candidates);

// "did you mean 'site'?", or `otherwise`.
[[nodiscard]] std::string suggestion(std::string_view word, std::span<const std::string> candidates,
                                     std::string_view otherwise);

}  // namespace certferry
