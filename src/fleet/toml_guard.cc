#include "fleet/toml_guard.h"

#include "base/ascii.h"

namespace certferry::fleet {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {
    if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
  }

  std::optional<TomlMistake> scan() {
    while (!rest_.empty()) {
      char c = rest_.front();
      if (c == '#') {
        while (!rest_.empty() && rest_.front() != '\n') step();
      } else if (c == '"' || c == '\'') {
        skip_string(c);
        statement_begins_ = false;
      } else if (c == '\n') {
        statement_begins_ = depth_ == 0;
        step();
      } else if (c == ' ' || c == '\t' || c == '\r') {
        step();
      } else if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) {
        return mistake("a character that may stand in quotes and comments only");
      } else if (c == '[' && statement_begins_) {
        if (!header_has_key()) return mistake("a table header has no key");
        statement_begins_ = false;
        while (!rest_.empty() && rest_.front() == '[') open();
      } else {
        statement_begins_ = false;
        if (c == '[' || c == '{') {
          open();
        } else {
          if ((c == ']' || c == '}') && depth_ > 0) --depth_;
          step();
        }
      }
    }
    return std::nullopt;
  }

 private:
  void step() {
    bool continues = rest_.size() > 1 && (static_cast<unsigned char>(rest_[1]) & 0xc0) == 0x80;
    if (rest_.front() == '\n') {
      ++line_;
      column_ = 1;
    } else if (!continues) {
      ++column_;
    }
    rest_.remove_prefix(1);
  }

  void open() {
    ++depth_;
    step();
  }

  [[nodiscard]] bool header_has_key() const {
    std::string_view inside = rest_.substr(rest_.starts_with("[[") ? 2 : 1);
    std::size_t first = inside.find_first_not_of(" \t");
    if (first == std::string_view::npos) return false;
    char c = inside[first];
    return ascii_letter(c) || ascii_digit(c) || c == '-' || c == '_' || c == '"' || c == '\'';
  }

  // One of "…", '…', """…""", '''…'''. One that does not end is left to toml++: the scan ends with it.
  void skip_string(char quote) {
    std::size_t quotes = rest_.size() >= 3 && rest_[1] == quote && rest_[2] == quote ? 3 : 1;
    for (std::size_t i = 0; i < quotes; ++i) step();
    while (!rest_.empty()) {
      if (rest_.front() == quote && (quotes == 1 || (rest_.size() >= 3 && rest_[1] == quote && rest_[2] == quote))) {
        for (std::size_t i = 0; i < quotes; ++i) step();
        // """" ends a text that itself ends with a quote.
        while (quotes == 3 && !rest_.empty() && rest_.front() == quote) step();
        return;
      }
      if (rest_.front() == '\n' && quotes == 1) return;
      if (rest_.front() == '\\' && quote == '"' && rest_.size() > 1) step();
      step();
    }
  }

  [[nodiscard]] TomlMistake mistake(std::string_view message) const { return {line_, column_, message}; }

  std::string_view rest_;
  std::uint32_t line_ = 1;
  std::uint32_t column_ = 1;
  int depth_ = 0;
  bool statement_begins_ = true;
};

}  // namespace

std::optional<TomlMistake> find_toml_mistake(std::string_view text) { return Scanner(text).scan(); }

}  // namespace certferry::fleet
