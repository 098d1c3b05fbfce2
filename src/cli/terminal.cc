#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/ascii.h"

namespace certferry::cli {
namespace {

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

Terminal::Terminal(int in, int out, int err, Settings settings)
    : in_(in),
      out_(out),
      err_(err),
      settings_(settings),
      in_is_terminal_(isatty(in) == 1),
      out_is_terminal_(isatty(out) == 1),
      err_is_terminal_(isatty(err) == 1),
      out_colour_(out_is_terminal_ && !settings.no_color),
      err_colour_(err_is_terminal_ && !settings.no_color) {}

Terminal standard_terminal(Terminal::Settings settings, const char* no_color_variable, const char* term) {
  if (no_color_variable && *no_color_variable) settings.no_color = true;
  if (term && std::string_view(term) == "dumb") settings.no_color = true;
  return Terminal(STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, settings);
}

int Terminal::width() const {
  constexpr int kNarrowest = 20, kUsual = 80;
  if (settings_.forced_width > 0) return settings_.forced_width;
  winsize size{};
  if (!out_is_terminal_ || ioctl(out_, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsual;
  return std::max<int>(kNarrowest, size.ws_col);
}

std::string Terminal::styled(Role role, std::string_view text, bool colour) {
  if (!colour || text.empty()) return std::string(text);
  std::string_view code;
  switch (role) {
    case Role::kOk: code = "32"; break;
    case Role::kWarning: code = "33"; break;
    case Role::kError: code = "1;31"; break;
    case Role::kDim: code = "2"; break;
    case Role::kBold: code = "1"; break;
  }
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

void Terminal::print(std::string_view text) const { write_all(out_, text); }

void Terminal::note(std::string_view text) const { write_all(err_, text); }

Result<std::string> Terminal::ask_line(std::string_view prompt) const {
  constexpr std::size_t kLongest = 4096;
  note(prompt);
  std::string line;
  for (;;) {
    char c = 0;
    const ssize_t got = read(in_, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      note("\n");
      return fail(ErrorKind::kDeclined, "CF1062", "the input ended before the question was answered",
                  "answer it, or run again with --yes");
    }
    if (c == '\n') return line;
    if (c != '\r' && line.size() < kLongest) line += c;
  }
}

Result<> Confirmation::ask(std::string_view what) {
  constexpr std::string_view kHelp =
      "  Y  goes on with this one\n"
      "  A  goes on with this one and does not ask again\n"
      "  N  leaves this one as it is\n"
      "  L  leaves this one and all that follow as they are\n";
  if (terminal_.assume_yes() || to_all_ == ToAll::kYes) return {};
  auto declined = [] {
    return fail(ErrorKind::kDeclined, "CF1061", "declined, nothing was changed", "run again and answer yes to go on");
  };
  if (to_all_ == ToAll::kNo) return declined();
  if (!terminal_.interactive()) {
    return fail(ErrorKind::kDeclined, "CF1060", "this has to be confirmed, and there is no terminal to ask on",
                "run it on a terminal, add --yes, or leave out the confirmation (-Confirm:$false)");
  }
  terminal_.note(terminal_.styled_err(Role::kBold, "Confirm") + "\n" + std::string(what) + "\n");
  for (;;) {
    CERTFERRY_ASSIGN(const std::string line,
                     terminal_.ask_line("[Y] Yes [A] Yes to All [N] No [L] No to All [?] Help (default is \"Y\"): "));
    const std::string answer = ascii_lower(line);
    if (answer.empty() || answer == "y" || answer == "yes") return {};
    if (answer == "n" || answer == "no") return declined();
    if (answer == "a" || answer == "yes to all") {
      to_all_ = ToAll::kYes;
      return {};
    }
    if (answer == "l" || answer == "no to all") {
      to_all_ = ToAll::kNo;
      return declined();
    }
    if (answer == "?" || answer == "help") terminal_.note(kHelp);
  }
}

}  // namespace certferry::cli
