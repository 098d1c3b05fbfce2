#include "deploy/binding_toml.h"

#include <fmt/format.h>

#include <algorithm>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "base/suggest.h"

namespace certferry::deploy {

void TomlText::refuse(std::string_view id, std::uint32_t line, std::uint32_t column, std::string_view message,
                      std::string fix) {
  if (mistake) return;
  std::string_view rest = text;
  for (std::uint32_t i = 1; i < line; ++i) {
    const std::size_t end = rest.find('\n');
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  std::string shown(rest.substr(0, rest.find('\n')));
  if (shown.ends_with('\r')) shown.pop_back();
  // Columns count characters: octets that continue one take no place.
  std::string caret;
  std::uint32_t at = 1;
  for (const char c : shown) {
    if (at >= column) break;
    if ((static_cast<unsigned char>(c) & 0xc0) == 0x80) continue;
    caret += c == '\t' ? '\t' : ' ';
    ++at;
  }
  mistake = Error{ErrorKind::kUsage, std::string(id),
                  fmt::format("{}:{}:{}: {}\n  {}\n  {}^", file, line, column, message, shown, caret), std::move(fix)};
}

namespace {

const toml::table& as_table(const void* node) { return *static_cast<const toml::table*>(node); }
const toml::node* as_node(const void* node) { return static_cast<const toml::node*>(node); }

}  // namespace

TomlTable::TomlTable(const void* node, TomlText& text, std::string name)
    : table_(node), text_(text), name_(std::move(name)) {}

const void* TomlTable::find(std::string_view key) {
  asked_.emplace_back(key);
  return as_table(table_).get(key);
}

bool TomlTable::has(std::string_view key) { return as_table(table_).contains(key); }

void TomlTable::wrong_kind(const void* node, std::string_view key, std::string_view expected) {
  text_.refuse("CF1642", as_node(node)->source().begin.line, as_node(node)->source().begin.column,
               fmt::format("'{}' wants {}", key, expected), fmt::format("write {} as {}", key, expected));
}

std::string TomlTable::text(std::string_view key, std::string otherwise) {
  const toml::node* node = as_node(find(key));
  if (!node) return otherwise;
  if (const auto* value = node->as_string()) return value->get();
  wrong_kind(node, key, "a text in quotes");
  return otherwise;
}

std::vector<std::string> TomlTable::texts(std::string_view key) {
  std::vector<std::string> values;
  const toml::node* node = as_node(find(key));
  if (!node) return values;
  const toml::array* array = node->as_array();
  if (!array) wrong_kind(node, key, "a list of texts, as in [\"a\", \"b\"]");
  for (std::size_t i = 0; array && i < array->size(); ++i) {
    if (const auto* value = array->get(i)->as_string()) {
      values.push_back(value->get());
    } else {
      wrong_kind(array->get(i), key, "a list of texts, as in [\"a\", \"b\"]");
    }
  }
  return values;
}

bool TomlTable::flag(std::string_view key) {
  const toml::node* node = as_node(find(key));
  if (!node) return false;
  if (const auto* value = node->as_boolean()) return value->get();
  wrong_kind(node, key, "true or false");
  return false;
}

int TomlTable::number(std::string_view key, int otherwise, int least, int most) {
  const toml::node* node = as_node(find(key));
  if (!node) return otherwise;
  const auto* value = node->as_integer();
  if (!value) {
    wrong_kind(node, key, "a whole number");
    return otherwise;
  }
  if (value->get() < least || value->get() > most) {
    refuse("CF1643", key, fmt::format("{} is outside {} to {}", value->get(), least, most),
           fmt::format("use a number from {} to {}", least, most));
    return otherwise;
  }
  return static_cast<int>(value->get());
}

std::optional<TomlTable> TomlTable::table(std::string_view key) {
  const toml::node* node = as_node(find(key));
  if (!node) return std::nullopt;
  const toml::table* table = node->as_table();
  if (table) return TomlTable(table, text_, fmt::format("[{}]", key));
  wrong_kind(node, key, fmt::format("a section [{}]", key));
  return std::nullopt;
}

std::vector<TomlTable> TomlTable::tables(std::string_view key) {
  std::vector<TomlTable> found;
  const toml::node* node = as_node(find(key));
  if (!node) return found;
  const toml::array* array = node->as_array();
  if (!array || !array->is_homogeneous<toml::table>()) {
    wrong_kind(node, key, fmt::format("sections [[{}]]", key));
    return found;
  }
  for (const toml::node& each : *array) found.emplace_back(each.as_table(), text_, fmt::format("[[{}]]", key));
  return found;
}

void TomlTable::refuse(std::string_view id, std::string_view key, std::string_view message, std::string fix) {
  const toml::node* node = as_table(table_).get(key);
  const toml::source_region place = node ? node->source() : as_table(table_).source();
  text_.refuse(id, place.begin.line, place.begin.column, message, std::move(fix));
}

void TomlTable::finish() {
  for (const auto& [key, node] : as_table(table_)) {
    if (std::ranges::find(asked_, key.str()) != asked_.end()) continue;
    text_.refuse("CF1641", key.source().begin.line, key.source().begin.column,
                 fmt::format("unknown key '{}'{}{}", key.str(), name_.empty() ? "" : " in ", name_),
                 suggestion(key.str(), asked_, "known keys: " + fmt::format("{}", fmt::join(asked_, ", "))));
  }
}

}  // namespace certferry::deploy
