// The person at the other end: whether there is one, colour, questions, secrets without echo, progress.
//
// Results go to standard output, everything else to standard error. Colour is never the only sign of anything.
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

namespace certferry::cli {

enum class Role { kOk, kWarning, kError, kDim, kBold };

class Terminal {
 public:
  struct Settings {
    bool no_color = false;      // --no-color, or NO_COLOR set and not empty
    bool quiet = false;
    bool assume_yes = false;    // --yes
    int forced_width = 0;       // above 0: instead of the terminal's (for tests)
  };
  // The descriptors stay the caller's.
  Terminal(int in, int out, int err, Settings settings);

  // A person can be asked: input and error output are terminals.
  [[nodiscard]] bool interactive() const { return in_is_terminal_ && err_is_terminal_; }
  [[nodiscard]] bool out_is_terminal() const { return out_is_terminal_; }
  [[nodiscard]] bool err_is_terminal() const { return err_is_terminal_; }
  [[nodiscard]] bool quiet() const { return settings_.quiet; }
  [[nodiscard]] bool assume_yes() const { return settings_.assume_yes; }
  // Columns of standard output's terminal; 80 when it is none. At least 20.
  [[nodiscard]] int width() const;

  // `text` with the colour of its role where the stream shows colours, else as it is. Text from outside must have been
  // escaped before (base/escape.h).
  [[nodiscard]] std::string styled_out(Role role, std::string_view text) const {
    return styled(role, text, out_colour_);
  }
  [[nodiscard]] std::string styled_err(Role role, std::string_view text) const {
    return styled(role, text, err_colour_);
  }

  // Writes all of it; what cannot be written (a closed pipe) is lost.
  void print(std::string_view text) const;
  void note(std::string_view text) const;  // to standard error, whatever `quiet` says

  // One line of input without its line end. CF1062 (declined) at the end of input.
  [[nodiscard]] Result<std::string> ask_line(std::string_view prompt) const;
  // Without echo; ^C, ^D on an empty line and the end of input are CF1047. The terminal is as it was afterwards, also
  // when a signal ends the process meanwhile. CF1046 without a terminal.
  [[nodiscard]] Result<Secret> ask_secret(std::string_view prompt) const;

 private:
  [[nodiscard]] static std::string styled(Role role, std::string_view text, bool colour);

  int in_, out_, err_;
  Settings settings_;
  bool in_is_terminal_, out_is_terminal_, err_is_terminal_;
  bool out_colour_, err_colour_;
};

// Terminal on 0, 1 and 2. `no_color_variable` is $NO_COLOR, `term` is $TERM, both null when unset.
[[nodiscard]] Terminal standard_terminal(Terminal::Settings settings, const char* no_color_variable, const char* term);

// Asks before something is done, and remembers "to all".
class Confirmation {
 public:
  explicit Confirmation(const Terminal& terminal) : terminal_(terminal) {}

  // `what` says what would be done, in one or more lines. True: go on. Declined with CF1061 by "no" and "no to all",
  // with CF1060 when nobody can be asked, with CF1062 at the end of input.
  [[nodiscard]] Result<> ask(std::string_view what);

 private:
  enum class ToAll { kAsk, kYes, kNo };
  const Terminal& terminal_;
  ToAll to_all_ = ToAll::kAsk;
};

// Shows how far a long work is: a bar on a terminal, a line every five seconds elsewhere, nothing with --quiet, nothing
// in the first second. Threads may call `advance` at the same time.
class Progress {
 public:
  // `label` is what is counted: "certificates". `total` 0: unknown.
  Progress(const Terminal& terminal, const Clock& clock, std::string label, std::size_t total);
  ~Progress();  // clears the bar
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(std::size_t by = 1);

 private:
  [[nodiscard]] std::string bar(double elapsed) const;
  [[nodiscard]] std::string counts(double elapsed) const;

  const Terminal& terminal_;
  const Clock& clock_;
  const std::string label_;
  const std::size_t total_;
  const std::chrono::nanoseconds started_;
  std::mutex mutex_;
  std::size_t done_ = 0;
  std::chrono::nanoseconds shown_{0};  // when last, since the start; 0: never
  bool bar_shown_ = false;
};

}  // namespace certferry::cli
