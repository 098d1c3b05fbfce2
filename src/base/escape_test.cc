#include "base/escape.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

namespace certferry {
namespace {

struct Case {
  std::string_view text;
  std::string_view terminal;
  std::string_view html;
};

using namespace std::string_view_literals;

TEST(Escape, ShowsWhatWouldAct) {
  const Case cases[] = {
      {"web.example", "web.example", "web.example"},
      {"Müller 日本 🙂", "Müller 日本 🙂", "Müller 日本 🙂"},
      {"\x1b[31mred\x1b[0m", "\\u{1b}[31mred\\u{1b}[0m", "\\u{1b}[31mred\\u{1b}[0m"},
      {"\xc2\x9b"
       "31m",
       "\\u{9b}31m", "\\u{9b}31m"},
      {"a\0b"sv, "a\\u{0}b", "a\\u{0}b"},
      {"line\nbreak\r", "line\\u{a}break\\u{d}", "line\\u{a}break\\u{d}"},
      {"\xe2\x80\xae"
       "exe.cod",
       "\\u{202e}exe.cod", "\\u{202e}exe.cod"},
      {"a\xe2\x80\x8b"
       "b",
       "a\\u{200b}b", "a\\u{200b}b"},
      {"\xff\xc0\x80", "\\xff\\xc0\\x80", "\\xff\\xc0\\x80"},
      {"\xed\xa0\x80", "\\xed\\xa0\\x80", "\\xed\\xa0\\x80"},
      {"<script>alert('x')</script>", "<script>alert('x')</script>", "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"},
      {"\" onload=\"", "\" onload=\"", "&quot; onload=&quot;"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(escape_terminal(c.text), c.terminal);
    EXPECT_EQ(escape_html(c.text), c.html);
  }
}

TEST(Escape, KeepsFormulasFromRunning) {
  const std::pair<const char*, const char*> cases[] = {
      {"=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\""},
      {"+1", "\"'+1\""},
      {"-1", "\"'-1\""},
      {"@SUM(1)", "\"'@SUM(1)\""},
      {"\t=1", "\"'\\u{9}=1\""},
      {"a \"b\"", "\"a \"\"b\"\"\""},
      {"plain", "\"plain\""},
      {"", "\"\""},
      {" =1", "\"' =1\""},
  };
  for (const auto& [text, cell] : cases) EXPECT_EQ(escape_csv(text), cell);
}

TEST(Escape, LeavesNoControlAndNoMarkupWhateverComesIn) {
  EXPECT_TRUE(rc::check([](const std::string& text) {
    const auto acts = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    const std::string terminal = escape_terminal(text);
    RC_ASSERT(std::ranges::none_of(terminal, acts));
    const std::string html = escape_html(text);
    RC_ASSERT(std::ranges::none_of(html, acts));
    RC_ASSERT(html.find_first_of("<>\"'") == std::string::npos);
    const std::string cell = escape_csv(text);
    RC_ASSERT(cell.size() >= 2 && cell.front() == '"' && cell.back() == '"');
  }));
}

}  // namespace
}  // namespace certferry
