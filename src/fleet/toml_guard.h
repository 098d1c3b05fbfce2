// Finds, before toml++ 3.3 reads a text, the two mistakes that it answers with undefined behaviour instead of an error.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace certferry::fleet {

struct TomlMistake {
  std::uint32_t line = 1;  // both count from 1
  std::uint32_t column = 1;  // in characters
  std::string_view message;
};

// A character beyond ASCII or a control character outside of quotes and comments (toml++ 3.3 has no answer for
// U+00A1…U+0499 there), or a table header that begins with no key. Nothing where there is none: other mistakes are
// left to toml++. `text` should be UTF-8.
[[nodiscard]] std::optional<TomlMistake> find_toml_mistake(std::string_view text);

}  // namespace certferry::fleet
