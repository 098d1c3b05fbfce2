// Terminal::ask_secret: a password from a terminal that does not show it.
#include <poll.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "cli/terminal.h"

namespace certferry::cli {
namespace {

constexpr std::size_t kLongest = 1024;

// The terminal without echo, reading byte by byte; as before when it goes. Signals that end the process are held back
// until the terminal has been restored: they show up on `signal_fd`, stay pending, and act when the mask is undone.
class SilentTerminal {
 public:
  explicit SilentTerminal(int fd) : fd_(fd) {
    sigset_t held;
    sigemptyset(&held);
    for (int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP}) sigaddset(&held, signal);
    pthread_sigmask(SIG_BLOCK, &held, &mask_);
    signal_fd_ = signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK);
    changed_ = tcgetattr(fd_, &before_) == 0;
    if (!changed_) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL | ICANON | ISIG);
    silent.c_iflag |= ICRNL;
    silent.c_cc[VMIN] = 1;
    silent.c_cc[VTIME] = 0;
    // What was typed ahead is dropped: it was typed while the terminal still echoed.
    changed_ = tcsetattr(fd_, TCSAFLUSH, &silent) == 0;
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;
  ~SilentTerminal() {
    if (changed_) tcsetattr(fd_, TCSADRAIN, &before_);
    if (signal_fd_ >= 0) close(signal_fd_);
    pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
  }

  [[nodiscard]] bool silent() const { return changed_ && signal_fd_ >= 0; }

  // Nothing at the end of input and when a signal wants the process.
  [[nodiscard]] bool next(char& c) const {
    for (;;) {
      pollfd waiting[] = {{fd_, POLLIN, 0}, {signal_fd_, POLLIN, 0}};
      if (poll(waiting, 2, -1) < 0) {
        if (errno == EINTR) continue;
        return false;
      }
      if (waiting[1].revents) return false;
      const ssize_t got = read(fd_, &c, 1);
      if (got < 0 && errno == EINTR) continue;
      return got == 1;
    }
  }

 private:
  int fd_;
  int signal_fd_ = -1;
  sigset_t mask_{};
  termios before_{};
  bool changed_ = false;
};

// Takes the last character away, all bytes of it.
void erase_last(Bytes& typed) {
  while (!typed.empty()) {
    const std::uint8_t byte = typed.back();
    typed.back() = 0;
    typed.pop_back();
    if ((byte & 0xc0) != 0x80) return;
  }
}

}  // namespace

Result<Secret> Terminal::ask_secret(std::string_view prompt) const {
  constexpr char kEnd = 4, kInterrupt = 3, kBackspace = 8, kDelete = 127, kKill = 21;
  if (!interactive()) {
    return fail(ErrorKind::kDeclined, "CF1046", "a password is needed, and there is no terminal to ask on",
                "give it with --password-file or --password-fd, or as the systemd credential certferry.password");
  }
  Bytes typed;
  typed.reserve(kLongest);  // so that it never moves and leaves a copy behind
  Secret result;
  bool done = false;
  {
    SilentTerminal terminal(in_);
    if (!terminal.silent()) {
      return fail(ErrorKind::kDeclined, "CF1046", "the terminal's echo cannot be switched off",
                  "give the password with --password-file or --password-fd");
    }
    note(prompt);
    for (char c = 0; terminal.next(c);) {
      if (c == kInterrupt || (c == kEnd && typed.empty())) break;
      if (c == '\n' || c == '\r' || c == kEnd) {
        done = true;
        break;
      }
      if (c == kBackspace || c == kDelete) {
        erase_last(typed);
      } else if (c == kKill) {
        while (!typed.empty()) erase_last(typed);
      } else if (typed.size() < kLongest) {
        typed.push_back(static_cast<std::uint8_t>(c));
      }
    }
    note("\n");
    result = Secret(std::move(typed));
  }
  if (done) return result;
  return fail(ErrorKind::kDeclined, "CF1047", "the password was not given", "run again and type it, then press enter");
}

}  // namespace certferry::cli
