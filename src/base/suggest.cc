#include "base/suggest.h"

#include <algorithm>

#include "base/ascii.h"

namespace certferry {
namespace {

template <typename Text>
std::optional<std::string> nearest(std::string_view word, std::span<const Text> candidates) {
  std::optional<std::string> best;
  std::size_t best_distance = 0;
  for (std::string_view candidate : candidates) {
    std::size_t distance = edit_distance(word, candidate);
    std::size_t allowed = std::max<std::size_t>(1, std::max(word.size(), candidate.size()) / 3);
    bool beginning = word.size() >= 3 && equal_ignoring_case(word, candidate.substr(0, word.size()));
    if (distance > allowed && !beginning) continue;
    if (beginning) distance = std::min<std::size_t>(distance, 1);
    if (best && distance >= best_distance) continue;
    best = candidate;
    best_distance = distance;
  }
  return best;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Three rows of the table: the one being filled, the one above it, and the one above that, which swaps need.
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      char x = ascii_lower(a[i - 1]);
      char y = ascii_lower(b[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (x == y ? 0 : 1)});
      if (i > 1 && j > 1 && x == ascii_lower(b[j - 2]) && y == ascii_lower(a[i - 2])) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

std::optional<std::string> did_you_mean(std::string_view word, std::span<const std::string> candidates) {
  return nearest(word, candidates);
}

std::optional<std::string> did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  return nearest(word, candidates);
}

std::string suggestion(std::string_view word, std::span<const std::string> candidates, std::string_view otherwise) {
  std::optional<std::string> near = did_you_mean(word, candidates);
  return near ? "did you mean '" + *near + "'?" : std::string(otherwise);
}

}  // namespace certferry
