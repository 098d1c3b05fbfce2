#include "cli/terminal.h"

#include <gtest/gtest.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <thread>

namespace certferry::cli {
namespace {

constexpr std::string_view kQuestion = "[Y] Yes [A] Yes to All [N] No [L] No to All [?] Help (default is \"Y\"): ";

// A person at a real pseudo-terminal.
class Person {
 public:
  Person() { EXPECT_EQ(openpty(&master_, &slave_, nullptr, nullptr, nullptr), 0); }
  ~Person() {
    close(master_);
    close(slave_);
  }
  [[nodiscard]] int end() const { return slave_; }
  [[nodiscard]] Terminal terminal(Terminal::Settings settings = {}) const { return {slave_, slave_, slave_, settings}; }
  void types(std::string_view text) const {
    EXPECT_EQ(write(master_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  // Reads what the terminal shows until `last` was shown.
  [[nodiscard]] std::string sees_until(std::string_view last) {
    while (seen_.find(last) == std::string::npos) {
      char buffer[256];
      const ssize_t got = read(master_, buffer, sizeof buffer);
      if (got <= 0) break;
      seen_.append(buffer, static_cast<std::size_t>(got));
    }
    return std::exchange(seen_, {});
  }
  // The kernel mixes its echo into the output at a time of its own; without it, what is seen is what was written.
  void types_unseen(std::string_view text) const {
    termios state{};
    tcgetattr(slave_, &state);
    state.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(slave_, TCSANOW, &state);
    types(text);
  }
  [[nodiscard]] bool echoes() const {
    termios state{};
    tcgetattr(slave_, &state);
    return (state.c_lflag & ECHO) != 0 && (state.c_lflag & ICANON) != 0;
  }

 private:
  int master_ = -1;
  int slave_ = -1;
  std::string seen_;
};

std::string answer_of(const Result<>& result) { return result ? "yes" : result.error().id; }

TEST(Confirmation, KnowsItsFiveAnswers) {
  const struct {
    const char* typed;
    const char* outcome;
  } cases[] = {{"\n", "yes"},     {"y\n", "yes"},    {"YES\n", "yes"},        {"a\n", "yes"},    {"n\n", "CF1061"},
               {"L\n", "CF1061"}, {"?\ny\n", "yes"}, {"what\nn\n", "CF1061"}, {"\x04", "CF1062"}};
  for (const auto& each : cases) {
    Person person;
    const Terminal terminal = person.terminal();
    person.types(each.typed);
    EXPECT_EQ(answer_of(Confirmation(terminal).ask("replaces web")), each.outcome) << each.typed;
  }
}

TEST(Confirmation, ShowsTheQuestionAndItsHelp) {
  Person person;
  const Terminal terminal = person.terminal({.no_color = true});
  person.types_unseen("?\ny\n");
  EXPECT_TRUE(Confirmation(terminal).ask("This replaces the certificate of Default."));
  terminal.note("END");
  std::string seen = person.sees_until("END");
  EXPECT_EQ(seen,
            "Confirm\r\n"
            "This replaces the certificate of Default.\r\n" +
                std::string(kQuestion) +
                "  Y  goes on with this one\r\n"
                "  A  goes on with this one and does not ask again\r\n"
                "  N  leaves this one as it is\r\n"
                "  L  leaves this one and all that follow as they are\r\n" +
                std::string(kQuestion) + "END");
}

TEST(Confirmation, RemembersToAll) {
  for (const auto& [typed, outcome] : {std::pair("a\n", "yes"), std::pair("l\n", "CF1061")}) {
    Person person;
    const Terminal terminal = person.terminal();
    Confirmation confirmation(terminal);
    person.types(typed);
    EXPECT_EQ(answer_of(confirmation.ask("first")), outcome);
    EXPECT_EQ(answer_of(confirmation.ask("second")), outcome) << "without another answer";
  }
}

TEST(Confirmation, IsDeclinedWithoutATerminalUnlessYesIsAssumed) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const Terminal plain(ends[0], ends[1], ends[1], {});
  const Result<> refused = Confirmation(plain).ask("x");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(),
            (Error{ErrorKind::kDeclined, "CF1060", "this has to be confirmed, and there is no terminal to ask on",
                   "run it on a terminal, add --yes, or leave out the confirmation (-Confirm:$false)"}));
  const Terminal sure(ends[0], ends[1], ends[1], {.assume_yes = true});
  EXPECT_TRUE(Confirmation(sure).ask("x"));
  close(ends[0]);
  close(ends[1]);
}

// ask_secret drops what was typed ahead, so that the person has to wait for the prompt.
std::pair<Result<Secret>, std::string> secret_typed(Person& person, std::string_view typed) {
  const Terminal terminal = person.terminal();
  std::string seen;
  std::jthread typist([&] {
    seen = person.sees_until("password: ");
    person.types(typed);
  });
  Result<Secret> secret = terminal.ask_secret("password: ");
  typist.join();
  terminal.note("END");
  seen += person.sees_until("END");
  return {std::move(secret), seen};
}

TEST(AskSecret, ReadsALineAndShowsNothingOfIt) {
  const struct {
    const char* typed;
    const char* secret;
  } cases[] = {{"P@ss word\n", "P@ss word"},
               {"\n", ""},
               {"abc\x7f\x7f"
                "d\n",
                "ad"},
               {"p\xc3\xa4\x7fq\r", "pq"},
               {"wrong\x15right\n", "right"},
               {"ended\x04", "ended"}};
  for (const auto& each : cases) {
    Person person;
    const auto [secret, seen] = secret_typed(person, each.typed);
    ASSERT_TRUE(secret) << each.typed;
    EXPECT_EQ(secret->text(), each.secret);
    EXPECT_EQ(seen, "password: \r\nEND");
    EXPECT_TRUE(person.echoes());
  }
}

TEST(AskSecret, CanBeCancelled) {
  for (const char* typed : {"ab\x03", "\x04"}) {
    Person person;
    const auto [secret, seen] = secret_typed(person, typed);
    ASSERT_FALSE(secret);
    EXPECT_EQ(secret.error().id, "CF1047");
    EXPECT_TRUE(person.echoes());
  }
}

TEST(AskSecret, RestoresTheTerminalWhenTheProcessIsTerminated) {
  Person person;
  const pid_t child = fork();
  if (child == 0) {
    const Terminal terminal = person.terminal();
    (void)terminal.ask_secret("password: ");
    _exit(0);
  }
  (void)person.sees_until("password: ");
  EXPECT_FALSE(person.echoes());
  kill(child, SIGTERM);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_TRUE(person.echoes());
}

TEST(AskSecret, NeedsATerminal) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  EXPECT_EQ(Terminal(ends[0], ends[1], ends[1], {}).ask_secret("x").error().id, "CF1046");
  close(ends[0]);
  close(ends[1]);
}

TEST(Colour, IsOnTerminalsOnlyAndCanBeSwitchedOff) {
  Person person;
  EXPECT_EQ(person.terminal().styled_out(Role::kOk, "ok"), "\x1b[32mok\x1b[0m");
  EXPECT_EQ(person.terminal().styled_err(Role::kError, "no"), "\x1b[1;31mno\x1b[0m");
  EXPECT_EQ(person.terminal({.no_color = true}).styled_out(Role::kOk, "ok"), "ok");
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  EXPECT_EQ(Terminal(person.end(), ends[1], person.end(), {}).styled_out(Role::kOk, "ok"), "ok");
  close(ends[0]);
  close(ends[1]);
}

TEST(Width, IsTheTerminals) {
  Person person;
  winsize size{};
  size.ws_col = 100;
  ASSERT_EQ(ioctl(person.end(), TIOCSWINSZ, &size), 0);
  EXPECT_EQ(person.terminal().width(), 100);
  EXPECT_EQ(Terminal(-1, -1, -1, {}).width(), 80);
}

TEST(Progress, IsABarAfterTheFirstSecond) {
  using namespace std::chrono_literals;
  Person person;
  const Terminal terminal = person.terminal({.forced_width = 60});
  ManualClock clock{Time{}};
  {
    Progress progress(terminal, clock, "files", 100);
    progress.advance(5);
    clock.advance(10s);
    progress.advance(45);
    progress.advance(1);
    EXPECT_EQ(person.sees_until("\x1b[K"), "\r[###############...............] 50 of 100 files, 0:10 left\x1b[K");
  }
  EXPECT_EQ(person.sees_until("\x1b[K"), "\r\x1b[K");
}

TEST(Progress, IsALineEveryFiveSecondsElsewhereAndNothingWhenQuiet) {
  using namespace std::chrono_literals;
  for (bool quiet : {false, true}) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    ManualClock clock{Time{}};
    const Terminal terminal(-1, -1, ends[1], {.quiet = quiet});
    {
      Progress progress(terminal, clock, "files", 10);
      for (int i = 0; i < 8; ++i) {
        clock.advance(1s);
        progress.advance();
      }
    }
    close(ends[1]);
    char buffer[256];
    const ssize_t got = read(ends[0], buffer, sizeof buffer);
    EXPECT_EQ(std::string(buffer, static_cast<std::size_t>(got)),
              quiet ? "" : "1 of 10 files, 0:09 left\n6 of 10 files, 0:04 left\n");
    close(ends[0]);
  }
}

}  // namespace
}  // namespace certferry::cli
