// Other programs: running them, signalling them, asking them over a local socket. No shell is ever involved.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/account.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

namespace certferry {

// Where a program that is named without a folder is looked for: folders that root alone can write to.
inline constexpr std::string_view kProgramPath = "/usr/sbin:/usr/bin:/sbin:/bin";
// How much of each output is kept.
inline constexpr std::size_t kOutputKept = 64 * 1024;

// What the program sees at a path instead of what is there: `shown`, a file or a folder as `path` is.
struct Overlay {
  std::string path;
  std::string shown;

  bool operator==(const Overlay&) const = default;
};

// A program to run. Nothing secret goes into `argv` or `environment`: other users can read them.
struct Command {
  std::vector<std::string> argv;  // the first one absolute, or a name looked for in kProgramPath
  // Besides PATH=kProgramPath, LC_ALL=C.UTF-8 and HOME, USER, LOGNAME of the account, which it may replace.
  std::map<std::string, std::string> environment;
  Secret input;  // what standard input holds; empty: /dev/null
  std::chrono::milliseconds limit{30'000};
  std::chrono::milliseconds grace{2'000};  // from SIGTERM to SIGKILL once the limit is over
  std::optional<Account> account;  // runs with all its rights and no others; nothing: as the caller
  std::string folder = "/";
  // In a mount namespace of its own, so that nobody else sees them. Needs CAP_SYS_ADMIN; nothing is written.
  std::vector<Overlay> overlays;
};

struct ProcessResult {
  int status = 0;  // exit status; meaningless where a signal ended it
  int signal = 0;  // 0: it ended by itself
  bool timed_out = false;  // the limit was over: it and its process group were killed
  std::string output;  // the first kOutputKept octets of standard output
  std::string errors;  // likewise, of standard error
  bool cut = false;  // there was more of one of them
  std::chrono::milliseconds took{0};

  [[nodiscard]] bool ok() const { return status == 0 && signal == 0 && !timed_out; }
};

// How certferry acts on other processes; tests put a double in its place. May be used from several threads.
// Errors: CF1180 there is no such program, CF1181 it could not be started, CF1182 the process to be signalled is not
// there or is another program, CF1183 a local socket does not answer.
class Process {
 public:
  virtual ~Process() = default;

  // Waits until the program ended, not for daemons it leaves behind. It gets a session and a process group of its own,
  // no terminal, no descriptors but the standard ones, default signals. Its end is always collected.
  [[nodiscard]] virtual Result<ProcessResult> run(const Command& command) = 0;
  // Sends a signal to the process, if its executable is `executable` (absolute; links in it are followed). The process
  // is held between looking and sending, so that a number given away anew is never hit.
  [[nodiscard]] virtual Result<> signal(pid_t pid, const std::string& executable, int number) = 0;
  // Whether that process runs that executable.
  [[nodiscard]] virtual bool runs(pid_t pid, const std::string& executable) = 0;
  // The processes that run that executable, by number.
  [[nodiscard]] virtual std::vector<pid_t> find(const std::string& executable) = 0;
  // Writes `request` to a UNIX stream socket and reads until the other side closes, within `limit` for all: at most
  // kOutputKept octets.
  [[nodiscard]] virtual Result<std::string> ask(const std::string& socket, const Secret& request,
                                                std::chrono::milliseconds limit) = 0;
};

// The real one. `clock` measures the limits; outlives this.
class SystemProcess final : public Process {
 public:
  explicit SystemProcess(const Clock& clock) : clock_(clock) {}
  Result<ProcessResult> run(const Command& command) override;
  Result<> signal(pid_t pid, const std::string& executable, int number) override;
  bool runs(pid_t pid, const std::string& executable) override;
  std::vector<pid_t> find(const std::string& executable) override;
  Result<std::string> ask(const std::string& socket, const Secret& request, std::chrono::milliseconds limit) override;

 private:
  const Clock& clock_;
};

}  // namespace certferry
