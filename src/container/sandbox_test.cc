#include "container/sandbox.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <linux/futex.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <tuple>

#include "container/confine.h"
#include "container/wire.h"
#include "x509/testing/certificate_maker.h"

namespace certferry::container {
namespace {

std::string pem_file() {
  const auto made = x509::testing::make_certificate(x509::testing::server_spec({"a.example"}));
  const auto key = x509::PrivateKey::from_pkcs8(made.key.pkcs8());
  return made.pem() + std::string(key->pem().text());
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

TEST(Confined, ReadsWhatUnconfinedReadingReads) {
  const std::string pem = pem_file();
  const std::size_t before = open_descriptors();
  const auto plain = read(as_bytes(pem), {});
  const auto confined = read_confined(as_bytes(pem), {});
  ASSERT_TRUE(plain);
  ASSERT_TRUE(confined) << confined.error().message;
  EXPECT_TRUE(encode(plain) == encode(confined));
  EXPECT_EQ(open_descriptors(), before);
}

TEST(Confined, GivesBackTheSameError) {
  const auto plain = read(as_bytes("<html>log in</html>"), {});
  const auto confined = read_confined(as_bytes("<html>log in</html>"), {});
  ASSERT_FALSE(plain);
  ASSERT_FALSE(confined);
  EXPECT_EQ(confined.error(), plain.error());
}

// The status of a confined child that does that.
int status_of(const std::function<void()>& act) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    confine_this_process(ends[1], {});
    act();
    ::_exit(0);
  }
  ::close(ends[0]);
  ::close(ends[1]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

TEST(ConfinedProcess, MayComputeAndEnd) {
  EXPECT_EQ(status_of([] { std::string(1000, 'x').append("y"); }), 0);
}

TEST(ConfinedProcess, IsKilledForAnythingElse) {
  const std::vector<std::pair<const char*, std::function<void()>>> acts = {
      {"open", [] { static_cast<void>(::open("/etc/passwd", 0)); }},
      {"socket", [] { static_cast<void>(::socket(AF_INET, SOCK_STREAM, 0)); }},
      {"fork", [] { static_cast<void>(::fork()); }},
      {"exec", [] { static_cast<void>(::execl("/bin/true", "true", nullptr)); }},
      {"kill", [] { static_cast<void>(::kill(1, 0)); }},
      {"unlink", [] { static_cast<void>(::unlink("/tmp/none")); }},
  };
  for (const auto& [name, act] : acts) {
    const int status = status_of(act);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) << name << ": " << status;
  }
}

// What a child that does that, instead of reading a file, comes to.
Error error_of(const std::function<void(int)>& act, const ReadingLimits& limits = {}) {
  const auto answers = ConfinedReading::start(1, act, limits).finish();
  EXPECT_EQ(answers.size(), 1u);
  return answers.front() ? Error{} : answers.front().error();
}

TEST(ConfinedReading, NamesWhatEndedTheChild) {
  const auto spin = [](int) {
    for (std::atomic<unsigned> i = 0;; ++i) {
    }
  };
  ReadingLimits cpu;
  cpu.process.cpu = std::chrono::seconds(1);
  ReadingLimits wall;
  wall.wall = std::chrono::seconds(1);
  const std::string stopped = "reading the file was stopped: ";
  const std::vector<std::tuple<std::string, std::function<void(int)>, ReadingLimits, std::string>> cases = {
      {"CPU time", spin, cpu, "it came to its limit of time"},
      {"time, asleep",
       [](int) {
         int word = 0;
         for (;;) static_cast<void>(::syscall(SYS_futex, &word, FUTEX_WAIT, 0, nullptr));
       },
       wall, "it came to its limit of time"},
      {"open",
       [](int) { static_cast<void>(::open("/etc/passwd", 0)); },
       {},
       "it tried a system call that is not allowed"},
      {"socket",
       [](int) { static_cast<void>(::socket(AF_INET, SOCK_STREAM, 0)); },
       {},
       "it tried a system call that is not allowed"},
      {"exec",
       [](int) { static_cast<void>(::execl("/bin/true", "true", nullptr)); },
       {},
       "it tried a system call that is not allowed"},
      {"ptrace",
       [](int) { static_cast<void>(::syscall(SYS_ptrace, 0, 0, 0, 0)); },
       {},
       "it tried a system call that is not allowed"},
      {"an early end", [](int) { ::_exit(0); }, {}, "it ended with status 0"},
      {"no memory", [](int) { ::_exit(kStatusOutOfMemory); }, {}, "it came to its limit of memory"},
      {"half an answer",
       [](int out) { ::_exit(::write(out, "\0\0\0\0\0\0\1\0abc", 11) == 11 ? 0 : kStatusNoAnswer); },
       {},
       "it ended with status 0"},
      {"more than could be meant",
       [](int out) {
         const std::string much(100'000, '\1');
         while (::write(out, much.data(), much.size()) > 0) {
         }
       },
       {},
       ""},
  };
  for (const auto& [what, act, limits, told] : cases) {
    const Error error = error_of(act, limits);
    EXPECT_EQ(error.id, "CF1250") << what;
    EXPECT_EQ(error.kind, ErrorKind::kRejected) << what;
    EXPECT_EQ(error.message.substr(0, stopped.size()), stopped) << what;
    EXPECT_TRUE(told.empty() || error.message == stopped + told) << what << ": " << error.message;
  }
  EXPECT_EQ(error_of([](int) { ::_exit(kStatusNotConfined); }).id, "CF1251");
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// Sanitizers need terabytes of address space, so this limit is not set under them.
TEST(ConfinedReading, EndsAChildThatTakesTooMuchMemory) {
  const auto eat = [](int) {
    std::vector<std::unique_ptr<std::string>> eaten;
    for (;;) eaten.push_back(std::make_unique<std::string>(1 << 20, 'x'));
  };
  EXPECT_EQ(error_of(eat).message, "reading the file was stopped: it came to its limit of memory");
  ReadingLimits little;
  little.process.memory = 64 << 20;
  EXPECT_EQ(error_of(eat, little).message, "reading the file was stopped: it came to its limit of memory");
}
#endif

// An ordinary account may not raise a limit that its service manager has set: reading works within it.
TEST(ConfinedReading, WorksWhereLimitsAreLowerAlready) {
  const pid_t limited = ::fork();
  if (limited == 0) {
    const rlimit cpu{7, 7};
    if (::setrlimit(RLIMIT_CPU, &cpu) != 0 || ::setuid(65534) != 0) ::_exit(2);
    int ends[2];
    if (::pipe(ends) != 0) ::_exit(2);
    const pid_t child = ::fork();
    if (child == 0) {
      confine_this_process(ends[1], {});
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 9);
  }
  int status = 0;
  ::waitpid(limited, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(Wire, RefusesWhatWasCutOffOrAltered) {
  const Secret whole = encode(read(as_bytes(pem_file()), {}));
  ASSERT_TRUE(decode(whole.view()));
  for (std::size_t size = 0; size < whole.size(); size += 3) EXPECT_FALSE(decode(whole.view().first(size))) << size;
}

}  // namespace
}  // namespace certferry::container
