#include "base/process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>

#include "base/descriptor.h"

namespace certferry {
namespace {

using std::chrono::milliseconds;

// What the child was doing when it failed.
enum class Step { kInput, kOverlay, kAccount, kFolder, kExecute };

struct Failure {
  Step step;
  int error;
};

// Everything the child needs, made before the fork: between fork and exec nothing may allocate.
struct Launch {
  std::string program;
  std::vector<std::string> words;
  std::vector<std::string> variables;
  std::vector<char*> argv;
  std::vector<char*> envp;
  std::vector<gid_t> groups;
  const Command* command = nullptr;
  bool change_account = false;
  Descriptor input;
  Descriptor output_read, output_write;
  Descriptor errors_read, errors_write;
  Descriptor failure_read, failure_write;
};

std::unexpected<Error> cannot_start(const std::string& program, std::string_view doing, int error) {
  return fail(error == EPERM || error == EACCES ? ErrorKind::kNotPermitted : ErrorKind::kFailed, "CF1181",
              "cannot start " + program + ": " + std::string(doing) + ": " + std::strerror(error),
              "see whether the program can be run by hand, as the same account");
}

std::string_view text_of(Step step) {
  switch (step) {
    case Step::kInput: return "standard input and outputs";
    case Step::kOverlay: return "a mount namespace of its own";
    case Step::kAccount: return "changing to the account";
    case Step::kFolder: return "changing to the folder";
    case Step::kExecute: return "executing it";
  }
  return "";
}

bool is_program(const std::string& path) {
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & 0111) != 0;
}

Result<std::string> find_program(const std::string& name) {
  auto absent = [&](std::string_view where) {
    return fail(ErrorKind::kFailed, "CF1180", "there is no program " + name + std::string(where),
                "install it, or correct its name");
  };
  if (name.starts_with('/')) {
    if (is_program(name)) return name;
    return absent("");
  }
  if (name.empty() || name.find('/') != std::string::npos) return absent(": its path is not absolute");
  for (std::string_view rest = kProgramPath; !rest.empty();) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    std::string path = std::string(rest.substr(0, end)) + "/" + name;
    if (is_program(path)) return path;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return absent(" in " + std::string(kProgramPath));
}

// Above the standard descriptors, so that the child can put them there in any order.
Descriptor above_standard(int fd) {
  Descriptor original(fd);
  if (fd < 0 || fd > STDERR_FILENO) return original;
  return Descriptor(::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

bool make_pipe(Descriptor& read, Descriptor& write) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
  read = above_standard(ends[0]);
  write = above_standard(ends[1]);
  return read.valid() && write.valid();
}

// In memory, not a pipe: a program that does not read its input cannot make us wait or kill us.
Descriptor open_input(const Secret& input) {
  if (input.empty()) return above_standard(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  Descriptor memory = above_standard(::memfd_create("input", MFD_CLOEXEC));
  std::string_view rest = input.text();
  while (memory.valid() && !rest.empty()) {
    const ssize_t count = ::write(memory.get(), rest.data(), rest.size());
    if (count < 0 && errno != EINTR) return {};
    if (count > 0) rest.remove_prefix(static_cast<std::size_t>(count));
  }
  if (memory.valid()) ::lseek(memory.get(), 0, SEEK_SET);
  return memory;
}

void set_environment(Launch& launch) {
  const Command& command = *launch.command;
  std::map<std::string, std::string> variables = {{"PATH", std::string(kProgramPath)}, {"LC_ALL", "C.UTF-8"}};
  const std::optional<Account> account = command.account ? command.account : find_account(::geteuid());
  if (account) {
    variables["HOME"] = account->home;
    variables["USER"] = variables["LOGNAME"] = account->name;
  }
  for (const auto& [name, value] : command.environment) variables[name] = value;
  for (const auto& [name, value] : variables) launch.variables.push_back(name + "=" + value);
}

Result<Launch> prepare(const Command& command) {
  Launch launch;
  launch.command = &command;
  launch.words = command.argv;
  if (launch.words.empty()) launch.words.emplace_back();
  CERTFERRY_ASSIGN(launch.program, find_program(launch.words.front()));
  set_environment(launch);
  for (std::string& word : launch.words) launch.argv.push_back(word.data());
  for (std::string& variable : launch.variables) launch.envp.push_back(variable.data());
  launch.argv.push_back(nullptr);
  launch.envp.push_back(nullptr);
  if (command.account) {
    launch.groups.assign(command.account->groups.begin(), command.account->groups.end());
    launch.change_account = ::geteuid() == 0 || ::geteuid() != command.account->uid;
  }
  launch.input = open_input(command.input);
  if (!launch.input.valid() || !make_pipe(launch.output_read, launch.output_write) ||
      !make_pipe(launch.errors_read, launch.errors_write) || !make_pipe(launch.failure_read, launch.failure_write)) {
    return cannot_start(launch.program, text_of(Step::kInput), errno);
  }
  return launch;
}

// --- in the child: system calls only ---

[[noreturn]] void give_up(const Launch& launch, Step step) {
  const Failure failure{step, errno};
  [[maybe_unused]] const ssize_t written = ::write(launch.failure_write.get(), &failure, sizeof(failure));
  ::_exit(127);
}

void reset_signals() {
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

bool apply_overlays(const std::vector<Overlay>& overlays) {
  if (overlays.empty()) return true;
  if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  for (const Overlay& overlay : overlays) {
    if (::mount(overlay.shown.c_str(), overlay.path.c_str(), nullptr, MS_BIND, nullptr) != 0) return false;
  }
  return true;
}

// By system calls: the library's functions want to tell other threads, of which the child has none.
bool change_account(const Launch& launch) {
  if (!launch.change_account) return true;
  const Account& account = *launch.command->account;
  return ::syscall(SYS_setgroups, launch.groups.size(), launch.groups.data()) == 0 &&
         ::syscall(SYS_setresgid, account.gid, account.gid, account.gid) == 0 &&
         ::syscall(SYS_setresuid, account.uid, account.uid, account.uid) == 0;
}

[[noreturn]] void become_program(const Launch& launch) {
  ::setsid();
  reset_signals();
  ::umask(022);
  if (!apply_overlays(launch.command->overlays)) give_up(launch, Step::kOverlay);
  if (::dup2(launch.input.get(), STDIN_FILENO) < 0 || ::dup2(launch.output_write.get(), STDOUT_FILENO) < 0 ||
      ::dup2(launch.errors_write.get(), STDERR_FILENO) < 0 ||
      ::syscall(SYS_close_range, STDERR_FILENO + 1, UINT_MAX, CLOSE_RANGE_CLOEXEC) != 0) {
    give_up(launch, Step::kInput);
  }
  if (!change_account(launch)) give_up(launch, Step::kAccount);
  if (::chdir(launch.command->folder.c_str()) != 0) give_up(launch, Step::kFolder);
  ::execve(launch.program.c_str(), launch.argv.data(), launch.envp.data());
  give_up(launch, Step::kExecute);
}

// --- in the parent ---

void collect(pid_t child, int* status) {
  while (::waitpid(child, status, 0) < 0 && errno == EINTR) {
  }
}

// Nothing once the program runs.
std::optional<Failure> read_failure(const Descriptor& from) {
  Failure failure{};
  ssize_t count = 0;
  do {
    count = ::read(from.get(), &failure, sizeof(failure));
  } while (count < 0 && errno == EINTR);
  if (count != sizeof(failure)) return std::nullopt;
  return failure;
}

// One output being read.
class Sink {
 public:
  Sink(Descriptor& from, std::string& kept, bool& cut) : from_(from), kept_(kept), cut_(cut) {
    ::fcntl(from_.get(), F_SETFL, O_NONBLOCK);
  }

  [[nodiscard]] pollfd wanted() const { return {from_.get(), POLLIN, 0}; }

  // All there is now.
  void read() {
    std::array<char, 16384> buffer;
    while (from_.valid()) {
      const ssize_t count = ::read(from_.get(), buffer.data(), buffer.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno == EAGAIN) return;
      if (count <= 0) return from_.reset();
      const std::size_t fits = std::min(static_cast<std::size_t>(count), kOutputKept - kept_.size());
      kept_.append(buffer.data(), fits);
      if (fits < static_cast<std::size_t>(count)) {
        cut_ = true;
        return;  // more comes with the next round, so that an endless output cannot hold us
      }
    }
  }

 private:
  Descriptor& from_;
  std::string& kept_;
  bool& cut_;
};

void wait_for(const Launch& launch, Sink& output, Sink& errors, pid_t child, const Descriptor& handle,
              const Clock& clock, ProcessResult& result) {
  std::chrono::nanoseconds end = clock.monotonic() + launch.command->limit;
  bool killed = false;
  for (;;) {
    std::array<pollfd, 3> events = {pollfd{handle.get(), POLLIN, 0}, output.wanted(), errors.wanted()};
    const auto left = std::chrono::ceil<milliseconds>(end - clock.monotonic());
    const int wait = killed ? 1000 : static_cast<int>(std::clamp<milliseconds::rep>(left.count(), 0, 60'000));
    ::poll(events.data(), events.size(), wait);
    output.read();
    errors.read();
    if (events[0].revents != 0) return;
    if (clock.monotonic() < end || killed) continue;
    killed = result.timed_out;
    ::kill(-child, killed ? SIGKILL : SIGTERM);
    result.timed_out = true;
    end = clock.monotonic() + launch.command->grace;
  }
}

}  // namespace

Result<ProcessResult> SystemProcess::run(const Command& command) {
  CERTFERRY_ASSIGN(Launch launch, prepare(command));
  const std::chrono::nanoseconds start = clock_.monotonic();
  const pid_t child = ::fork();
  if (child < 0) return cannot_start(launch.program, "making a process", errno);
  if (child == 0) become_program(launch);
  launch.output_write.reset();
  launch.errors_write.reset();
  launch.failure_write.reset();
  launch.input.reset();
  if (const std::optional<Failure> failure = read_failure(launch.failure_read)) {
    collect(child, nullptr);
    return cannot_start(launch.program, text_of(failure->step), failure->error);
  }
  const Descriptor handle(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  if (!handle.valid()) {
    const int error = errno;
    ::kill(-child, SIGKILL);
    collect(child, nullptr);
    return cannot_start(launch.program, "watching it", error);
  }

  ProcessResult result;
  Sink output(launch.output_read, result.output, result.cut);
  Sink errors(launch.errors_read, result.errors, result.cut);
  wait_for(launch, output, errors, child, handle, clock_, result);
  // Before its end is collected: until then nobody else can get the number of its group.
  if (result.timed_out) ::kill(-child, SIGKILL);
  int status = 0;
  collect(child, &status);
  if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
  if (WIFEXITED(status)) result.status = WEXITSTATUS(status);
  result.took = std::chrono::floor<milliseconds>(clock_.monotonic() - start);
  return result;
}

}  // namespace certferry
