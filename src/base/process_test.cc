#include "base/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/descriptor.h"

namespace certferry {
namespace {

using std::chrono::milliseconds;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Lt;
using ::testing::Not;

class Processes : public ::testing::Test {
 protected:
  Processes() {
    std::string name = (std::filesystem::temp_directory_path() / "certferry-process-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    std::filesystem::permissions(folder_, std::filesystem::perms(0755));
  }
  ~Processes() override { std::filesystem::remove_all(folder_); }

  static Command command(std::vector<std::string> argv) {
    Command made;
    made.argv = std::move(argv);
    return made;
  }
  // What a shell script prints, or the error's id.
  std::string output(const std::string& script) { return output(command({"/bin/sh", "-c", script})); }
  std::string output(const Command& made) {
    const auto result = process_.run(made);
    return result ? result->output : result.error().id;
  }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }

  SystemClock clock_;
  SystemProcess process_{clock_};
  std::string folder_;
};

TEST_F(Processes, GivesStatusAndBothOutputs) {
  const auto result = process_.run(command({"/bin/sh", "-c", "echo out; echo err >&2; exit 3"}));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->status, 3);
  EXPECT_EQ(result->signal, 0);
  EXPECT_FALSE(result->ok());
  EXPECT_EQ(result->output, "out\n");
  EXPECT_EQ(result->errors, "err\n");
}

TEST_F(Processes, GivesTheSignalThatEndedIt) {
  const auto result = process_.run(command({"/bin/sh", "-c", "kill -SEGV $$"}));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->signal, SIGSEGV);
  EXPECT_FALSE(result->ok());
}

TEST_F(Processes, PassesWordsAsTheyAre) {
  EXPECT_EQ(output(command({"printf", "%s|", "a b", "$HOME", "*", "", "'\";"})), "a b|$HOME|*||'\";|");
}

TEST_F(Processes, FindsProgramsByNameInFixedFoldersOnly) {
  ::setenv("PATH", folder_.c_str(), 1);
  write("here", "#!/bin/sh\necho found\n");
  std::filesystem::permissions(path("here"), std::filesystem::perms(0755));
  EXPECT_EQ(output(command({"here"})), "CF1180");
  EXPECT_EQ(output(command({"./here"})), "CF1180");
  EXPECT_EQ(output(command({"bin/true"})), "CF1180");
  EXPECT_EQ(output(command({""})), "CF1180");
  EXPECT_EQ(output(command({})), "CF1180");
  EXPECT_EQ(output(command({path("absent")})), "CF1180");
  EXPECT_EQ(output(command({folder_})), "CF1180");
  EXPECT_EQ(output(command({path("here")})), "found\n");
}

TEST_F(Processes, TellsWhatKeptItFromStarting) {
  write("broken", "#!/no/such/interpreter\n");
  std::filesystem::permissions(path("broken"), std::filesystem::perms(0755));
  const auto result = process_.run(command({path("broken")}));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().id, "CF1181");
  EXPECT_EQ(result.error().message, "cannot start " + path("broken") + ": executing it: No such file or directory");
  Command lost = command({"/bin/true"});
  lost.folder = path("absent");
  EXPECT_THAT(process_.run(lost).error().message, HasSubstr("changing to the folder"));
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST_F(Processes, HasAnEnvironmentOfItsOwn) {
  ::setenv("LD_PRELOAD_SECRET", "1", 1);
  Command made = command({"/usr/bin/env"});
  made.environment = {{"WORD", "a=b"}, {"HOME", "/elsewhere"}};
  const std::optional<Account> self = find_account(::geteuid());
  ASSERT_TRUE(self);
  EXPECT_EQ(output(made), "HOME=/elsewhere\nLC_ALL=C.UTF-8\nLOGNAME=" + self->name +
                              "\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\nUSER=" + self->name + "\nWORD=a=b\n");
  EXPECT_THAT(output(command({"/usr/bin/env"})), HasSubstr("HOME=" + self->home + "\n"));
}

TEST_F(Processes, GivesStandardInput) {
  EXPECT_EQ(output("cat; echo end"), "end\n");
  Command made = command({"/bin/cat"});
  made.input = Secret(std::string(300'000, 'x'));
  const auto result = process_.run(made);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->output, std::string(kOutputKept, 'x'));
  EXPECT_TRUE(result->cut);
  EXPECT_TRUE(result->ok());
  made.argv = {"/bin/true"};
  EXPECT_TRUE(process_.run(made)->ok()) << "a program that reads nothing";
}

TEST_F(Processes, CutsOutputsWithoutHoldingTheProgramUp) {
  const auto result =
      process_.run(command({"/bin/sh", "-c", "head -c 3000000 /dev/zero; head -c 2000000 /dev/zero >&2; exit 7"}));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 7);
  EXPECT_EQ(result->output.size(), kOutputKept);
  EXPECT_EQ(result->errors.size(), kOutputKept);
  EXPECT_TRUE(result->cut);
}

TEST_F(Processes, LeavesNoDescriptorOpen) {
  const Descriptor leaky(::memfd_create("leaky", 0));
  ASSERT_TRUE(leaky.valid());
  // ls itself opens the folder as 3.
  EXPECT_EQ(output("ls /proc/self/fd"), "0\n1\n2\n3\n");
  const auto count = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
  };
  const auto before = count();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(output("echo x"), "x\n");
  EXPECT_EQ(output(command({path("absent")})), "CF1180");
  EXPECT_EQ(count(), before);
}

TEST_F(Processes, WorksWithoutStandardDescriptors) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    for (int fd = 0; fd <= 2; ++fd) ::close(fd);
    Command made = command({"/bin/sh", "-c", "cat; echo err >&2"});
    made.input = Secret("in");
    const auto result = process_.run(made);
    ::_exit(result && result->output == "in" && result->errors == "err\n" ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(Processes, ResetsSignalsThatTheCallerIgnoresOrBlocks) {
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  sigset_t blocked, old;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &old);
  const std::string status = output("grep -E '^Sig(Blk|Ign)' /proc/self/status");
  ::pthread_sigmask(SIG_SETMASK, &old, nullptr);
  std::signal(SIGPIPE, before);
  EXPECT_EQ(status, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST_F(Processes, IsASessionOfItsOwnWithoutATerminal) {
  EXPECT_EQ(output("read -r pid name state parent group session terminal rest < /proc/self/stat;"
                   "[ $$ = $group ] && [ $$ = $session ] && [ $terminal = 0 ] && echo own"),
            "own\n");
}

TEST_F(Processes, EndsTheWholeGroupWhenTheLimitIsOver) {
  Command made = command({"/bin/sh", "-c", "sleep 1000 & echo $!; sleep 1000"});
  made.limit = milliseconds(100);
  const auto result = process_.run(made);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->timed_out);
  EXPECT_EQ(result->signal, SIGTERM);
  EXPECT_FALSE(result->ok());
  EXPECT_THAT(result->took, Lt(milliseconds(2'000)));
  const pid_t other = std::stoi(result->output);
  // Its parent is gone, so that whoever collects orphans does so: until then it is a zombie.
  const auto gone = [other] {
    std::ifstream stat("/proc/" + std::to_string(other) + "/stat");
    const std::string text((std::istreambuf_iterator<char>(stat)), {});
    return text.empty() || text.find(") Z ") != std::string::npos;
  };
  // A kill is on its way for as long as the scheduler likes.
  const auto end = clock_.monotonic() + std::chrono::seconds(10);
  while (!gone() && clock_.monotonic() < end) std::this_thread::yield();
  EXPECT_TRUE(gone());
}

TEST_F(Processes, KillsWhatDoesNotListen) {
  Command made = command({"/bin/sh", "-c", "trap '' TERM; while :; do sleep 1000; done"});
  made.limit = milliseconds(100);
  made.grace = milliseconds(50);
  const auto result = process_.run(made);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->timed_out);
  EXPECT_EQ(result->signal, SIGKILL);
  EXPECT_THAT(result->took, Lt(milliseconds(2'000)));
}

TEST_F(Processes, AnEndlessOutputEndsWithTheLimit) {
  Command made = command({"/usr/bin/yes"});
  made.limit = milliseconds(100);
  const auto result = process_.run(made);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->timed_out);
  EXPECT_EQ(result->output.size(), kOutputKept);
}

TEST_F(Processes, DoesNotWaitForDaemonsThatKeepTheOutput) {
  const auto result = process_.run(command({"/bin/sh", "-c", "sleep 5 & echo $!"}));
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->ok());
  EXPECT_THAT(result->took, Lt(milliseconds(2'000)));
  const pid_t left = std::stoi(result->output);
  EXPECT_EQ(::kill(left, SIGKILL), 0) << "what it left behind still runs";
}

TEST_F(Processes, RunsAsAnotherAccount) {
  if (::geteuid() != 0) {
    Command made = command({"/usr/bin/id"});
    made.account = Account{"root", 0, 0, {0}, "/root"};
    EXPECT_EQ(process_.run(made).error().id, "CF1181");
    return;
  }
  Command made = command({"/bin/sh", "-c", "id -u; id -g; id -G; echo $HOME"});
  made.account = find_account("nobody");
  ASSERT_TRUE(made.account);
  EXPECT_EQ(output(made), "65534\n65534\n65534\n/nonexistent\n");
  made.argv = {"/bin/sh", "-c", "cat /proc/self/status | grep -E 'Cap(Prm|Eff|Amb)'"};
  EXPECT_EQ(output(made), "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nCapAmb:\t0000000000000000\n");
}

TEST_F(Processes, ShowsOtherFilesToTheProgramAlone) {
  write("file", "old");
  write("staged", "new");
  std::filesystem::create_directories(path("one"));
  std::filesystem::create_directories(path("two"));
  write("one/key", "1");
  write("two/key", "2");
  std::filesystem::create_directory_symlink("one", path("current"));
  Command made = command({"/bin/cat", path("file"), path("current/key")});
  made.overlays = {{path("file"), path("staged")}, {path("one"), path("two")}};
  if (::geteuid() != 0) {
    EXPECT_EQ(process_.run(made).error().id, "CF1181");
    return;
  }
  EXPECT_EQ(output(made), "new2");
  EXPECT_EQ(output(command(made.argv)), "old1");
}

TEST_F(Processes, SignalsOnlyTheProgramThatIsMeant) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::execl("/usr/bin/sleep", "sleep", "1000", nullptr);
    ::_exit(1);
  }
  while (!process_.runs(child, "/usr/bin/sleep")) {
  }
  EXPECT_TRUE(process_.runs(child, "/bin/sleep")) << "by a link";
  EXPECT_THAT(process_.find("/usr/bin/sleep"), Contains(child));
  EXPECT_THAT(process_.find("/usr/bin/yes"), Not(Contains(child)));
  const auto other = process_.signal(child, "/usr/bin/yes", SIGTERM);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().id, "CF1182");
  EXPECT_EQ(other.error().message, "process " + std::to_string(child) + " is not /usr/bin/yes but /usr/bin/sleep");
  EXPECT_TRUE(process_.signal(child, "/usr/bin/sleep", SIGTERM));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
  EXPECT_EQ(process_.signal(child, "/usr/bin/sleep", SIGTERM).error().message,
            "process " + std::to_string(child) + " does not run");
  for (const pid_t never : {0, -1, 1}) EXPECT_FALSE(process_.signal(never, "/usr/bin/sleep", SIGTERM)) << never;
}

TEST_F(Processes, KnowsAScriptByItsName) {
  write("script", "#!/bin/sh\nread -r line\n");
  std::filesystem::permissions(path("script"), std::filesystem::perms(0755));
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    int ends[2];
    if (::pipe(ends) == 0) ::dup2(ends[0], 0);
    ::execl(path("script").c_str(), "script", nullptr);
    ::_exit(1);
  }
  while (!process_.runs(child, path("script"))) {
  }
  EXPECT_TRUE(process_.runs(child, "/bin/sh"));
  EXPECT_TRUE(process_.signal(child, path("script"), SIGKILL));
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
}

TEST_F(Processes, AsksALocalSocket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path("socket").copy(address.sun_path, sizeof(address.sun_path) - 1);
  const Descriptor listener(::socket(AF_UNIX, SOCK_STREAM, 0));
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  std::string asked;
  std::jthread server([&] {
    const Descriptor peer(::accept(listener.get(), nullptr, nullptr));
    std::string buffer(100, '\0');
    buffer.resize(static_cast<std::size_t>(::read(peer.get(), buffer.data(), buffer.size())));
    asked = buffer;
    [[maybe_unused]] const ssize_t written = ::write(peer.get(), "answer\n", 7);
  });
  const auto answer = process_.ask(path("socket"), Secret("question\n"), milliseconds(5'000));
  server.join();
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(*answer, "answer\n");
  EXPECT_EQ(asked, "question\n");
  const auto late = process_.ask(path("socket"), Secret("question\n"), milliseconds(50));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().message, path("socket") + " does not answer: reading: Connection timed out");
  EXPECT_EQ(process_.ask(path("absent"), Secret("?"), milliseconds(50)).error().message,
            path("absent") + " does not answer: connecting: No such file or directory");
}

TEST(Accounts, AreFoundByNameAndNumber) {
  const std::optional<Account> root = find_account("root");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->uid, 0U);
  EXPECT_THAT(root->groups, Contains(0U));
  EXPECT_EQ(root->home, "/root");
  EXPECT_EQ(find_account(0U), root);
  EXPECT_EQ(find_account("no such account"), std::nullopt);
  EXPECT_EQ(find_group("root"), 0U);
  EXPECT_EQ(find_group("no such group"), std::nullopt);
}

}  // namespace
}  // namespace certferry
