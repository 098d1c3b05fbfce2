// Progress of cli/terminal.h.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/terminal.h"

namespace certferry::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds kSilent = 1s;
constexpr std::chrono::nanoseconds kRedraw = 100ms;
constexpr std::chrono::nanoseconds kLine = 5s;

std::string minutes(double seconds) {
  const auto whole = std::lround(seconds);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace

Progress::Progress(const Terminal& terminal, const Clock& clock, std::string label, std::size_t total)
    : terminal_(terminal), clock_(clock), label_(std::move(label)), total_(total), started_(clock.monotonic()) {}

Progress::~Progress() {
  if (bar_shown_) terminal_.note("\r\x1b[K");
}

std::string Progress::counts(double elapsed) const {
  if (total_ == 0) return fmt::format("{} {}, {}", done_, label_, minutes(elapsed));
  const double left = done_ == 0 ? 0 : elapsed * (static_cast<double>(total_) / static_cast<double>(done_) - 1);
  return fmt::format("{} of {} {}, {} left", done_, total_, label_, minutes(std::max(0.0, left)));
}

std::string Progress::bar(double elapsed) const {
  std::string text = counts(elapsed);
  const int room = std::min(40, terminal_.width() - static_cast<int>(text.size()) - 4);
  if (total_ == 0 || room < 8) return text;
  const auto filled = static_cast<int>(static_cast<double>(room) *
                                       std::min(1.0, static_cast<double>(done_) / static_cast<double>(total_)));
  return fmt::format("[{}{}] {}", std::string(static_cast<std::size_t>(filled), '#'),
                     std::string(static_cast<std::size_t>(room - filled), '.'), text);
}

void Progress::advance(std::size_t by) {
  const std::lock_guard lock(mutex_);
  done_ += by;
  if (terminal_.quiet()) return;
  const auto since = clock_.monotonic() - started_;
  if (since < kSilent) return;
  const bool on_terminal = terminal_.err_is_terminal();
  if (shown_ != 0ns && since - shown_ < (on_terminal ? kRedraw : kLine)) return;
  shown_ = since;
  const double elapsed = std::chrono::duration<double>(since).count();
  if (on_terminal) {
    terminal_.note("\r" + bar(elapsed) + "\x1b[K");
    bar_shown_ = true;
  } else {
    terminal_.note(counts(elapsed) + "\n");
  }
}

}  // namespace certferry::cli
