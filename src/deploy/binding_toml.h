// A TOML table that is read key by key; the first mistake is kept, with its place. toml++ stays out of this header.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace certferry::deploy {

// A text with the name of its file, and the first mistake in it.
struct TomlText {
  std::string_view text;
  std::string file;
  std::optional<Error> mistake;

  // "nginx.toml:12:1: message", the line, the caret. Keeps the first one only. Lines and columns count from 1.
  void refuse(std::string_view id, std::uint32_t line, std::uint32_t column, std::string_view message, std::string fix);
};

class TomlTable {
 public:
  // `node` is a toml::table. `name` as in messages: "[reload]"; empty for the whole file. `node` and `text` outlive this.
  TomlTable(const void* node, TomlText& text, std::string name);

  [[nodiscard]] bool has(std::string_view key);
  [[nodiscard]] std::string text(std::string_view key, std::string otherwise = "");
  [[nodiscard]] std::vector<std::string> texts(std::string_view key);
  [[nodiscard]] bool flag(std::string_view key);
  [[nodiscard]] int number(std::string_view key, int otherwise, int least, int most);
  [[nodiscard]] std::optional<TomlTable> table(std::string_view key);
  [[nodiscard]] std::vector<TomlTable> tables(std::string_view key);

  // A mistake in the value of `key`; where there is none, at the table: CF1643, CF1644.
  void refuse(std::string_view id, std::string_view key, std::string_view message, std::string fix);
  // Refuses every key that nobody asked for.
  void finish();

 private:
  [[nodiscard]] const void* find(std::string_view key);
  void wrong_kind(const void* node, std::string_view key, std::string_view expected);

  const void* table_;
  TomlText& text_;
  std::string name_;
  std::vector<std::string> asked_;
};

}  // namespace certferry::deploy
