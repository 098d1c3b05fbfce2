// How far several works are that go on at the same time: what went wrong first, then a bar for each.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cli/terminal.h"
#include "commands/environment.h"

namespace certferry::cli {

// The lines that a terminal of that size shows; escaped. At most half of `height` are exceptions; works beyond the rest are added
// up in one line, those that are done first.
[[nodiscard]] std::vector<std::string> board_lines(const std::vector<std::string>& exceptions,
                                                   std::vector<commands::Part> parts, int width, int height);

// On a terminal they are drawn over each other, ten times in a second at most; elsewhere one line is written every five seconds,
// and nothing with --quiet. For one thread.
class Board {
 public:
  Board(const Terminal& terminal, const Clock& clock) : terminal_(terminal), clock_(clock) {}
  ~Board();  // clears it
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;

  void show(const std::vector<std::string>& exceptions, const std::vector<commands::Part>& parts);

 private:
  [[nodiscard]] std::string erase() const;

  const Terminal& terminal_;
  const Clock& clock_;
  std::size_t lines_ = 0;  // that stand on the terminal
  std::optional<std::chrono::nanoseconds> shown_;
};

}  // namespace certferry::cli
