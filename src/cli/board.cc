#include "cli/board.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/escape.h"

namespace certferry::cli {
namespace {

using namespace std::chrono_literals;
using commands::Part;

constexpr std::chrono::nanoseconds kRedraw = 100ms;
constexpr std::chrono::nanoseconds kLine = 5s;
constexpr int kHeight = 20;
constexpr int kMostBar = 40;

Part sum_of(const std::vector<Part>& parts, std::string name) {
  Part sum{std::move(name), 0, 0};
  for (const Part& part : parts) {
    sum.done += part.done;
    sum.total += part.total;
  }
  return sum;
}

std::string cut(std::string text, int width) {
  const auto room = static_cast<std::size_t>(std::max(width, 20));
  return text.size() <= room ? text : text.substr(0, room - 3) + "...";
}

std::string bar_line(const Part& part, int name_width, int width) {
  const std::string counts = fmt::format("{} of {}", part.done, part.total);
  const int room = std::min(kMostBar, width - name_width - static_cast<int>(counts.size()) - 6);
  const std::string name = fmt::format("{:<{}}", part.name, name_width);
  if (room < 8 || part.total == 0) return cut(name + "  " + counts, width);
  const auto filled = static_cast<std::size_t>(room) * part.done / part.total;
  return fmt::format("{}  [{}{}]  {}", name, std::string(filled, '#'),
                     std::string(static_cast<std::size_t>(room) - filled, '.'), counts);
}

}  // namespace

std::vector<std::string> board_lines(const std::vector<std::string>& exceptions, std::vector<Part> parts, int width,
                                     int height) {
  std::vector<std::string> lines;
  const auto most_exceptions = static_cast<std::size_t>(std::max(2, height / 2));
  const std::size_t named = exceptions.size() <= most_exceptions ? exceptions.size() : most_exceptions - 1;
  for (std::size_t i = 0; i < named; ++i) lines.push_back(cut("! " + escape_terminal(exceptions[i]), width));
  if (named < exceptions.size()) lines.push_back(fmt::format("! ... and {} more", exceptions.size() - named));

  const std::size_t room = static_cast<std::size_t>(std::max(height, 4)) - lines.size();
  if (parts.size() > room) {
    std::ranges::stable_partition(parts, [](const Part& part) { return part.done < part.total; });
    const std::vector<Part> rest(parts.begin() + static_cast<std::ptrdiff_t>(room) - 1, parts.end());
    parts.resize(room - 1);
    parts.push_back(sum_of(rest, fmt::format("{} others", rest.size())));
  }
  int name_width = 0;
  for (Part& part : parts) {
    part.name = cut(escape_terminal(part.name), width / 3);
    name_width = std::max(name_width, static_cast<int>(part.name.size()));
  }
  for (const Part& part : parts) lines.push_back(bar_line(part, name_width, width));
  return lines;
}

std::string Board::erase() const { return lines_ == 0 ? "" : fmt::format("\r\x1b[{}A\x1b[J", lines_); }

Board::~Board() {
  if (lines_ > 0) terminal_.note(erase());
}

void Board::show(const std::vector<std::string>& exceptions, const std::vector<Part>& parts) {
  if (terminal_.quiet()) return;
  const auto now = clock_.monotonic();
  const bool drawn = terminal_.err_is_terminal();
  if (shown_ && now - *shown_ < (drawn ? kRedraw : kLine)) return;
  shown_ = now;
  if (!drawn) {
    const Part all = sum_of(parts, "");
    terminal_.note(fmt::format("{} of {} computers{}\n", all.done, all.total,
                               exceptions.empty() ? "" : fmt::format(", {} failed", exceptions.size())));
    return;
  }
  const std::vector<std::string> lines = board_lines(exceptions, parts, terminal_.width(), kHeight);
  std::string text = erase();
  for (const std::string& line : lines) text += line + "\n";
  terminal_.note(text);
  lines_ = lines.size();
}

}  // namespace certferry::cli
