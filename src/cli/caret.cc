#include "cli/caret.h"

#include <algorithm>

#include "base/escape.h"
#include "cli/words.h"

namespace certferry::cli {
namespace {

constexpr std::size_t kWidest = 96;  // of what precedes the caret

std::size_t next_character(std::string_view text, std::size_t at) {
  do {
    ++at;
  } while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80);
  return at;
}

}  // namespace

std::string caret_lines(std::span<const std::string> words, std::size_t word, std::size_t offset, bool more) {
  if (words.empty()) return {};
  std::string before;
  std::string marked;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) before += ' ';
    const std::size_t cut = i == word ? std::min(offset, words[i].size()) : words[i].size();
    before += escape_terminal(std::string_view(words[i]).substr(0, cut));
    if (i == word) marked = escape_terminal(std::string_view(words[i]).substr(cut));
  }
  if (word >= words.size()) before += ' ';
  std::string ellipsis;
  while (columns(before) > kWidest) {
    ellipsis = "…";
    before.erase(0, next_character(before, 0));
  }
  if (columns(marked) > kWidest) {
    std::size_t end = 0;
    while (columns(marked.substr(0, end)) < kWidest) end = next_character(marked, end);
    marked.resize(end);
    marked += "…";
  }
  const std::size_t column = columns(ellipsis) + columns(before);
  const std::size_t length = std::max<std::size_t>(1, columns(marked));
  return "  " + ellipsis + before + marked + (more ? " …" : "") + "\n" + std::string(2 + column, ' ') + "^" +
         std::string(length - 1, '~');
}

}  // namespace certferry::cli
