#include "container/child_error.h"

#include <signal.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "container/confine.h"

namespace certferry::container {

std::unexpected<Error> no_child(std::string_view what) {
  return fail(ErrorKind::kFailed, "CF1251",
              "no confined process could be made to read the file (" + std::string(what) + "): " + std::strerror(errno),
              "look at the limits on processes and memory of this account");
}

std::unexpected<Error> several_threads() {
  return fail(ErrorKind::kFailed, "CF1251",
              "no confined process could be made to read the file: this one has several threads and no reader to start",
              "report it: this must never happen");
}

std::unexpected<Error> child_died(int status) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == kStatusNotConfined) {
    return fail(
        ErrorKind::kFailed, "CF1251",
        "no confined process could be made to read the file: this system does not let a process confine itself",
        "certferry needs Linux 5.9 or newer with seccomp; look at what a container or the service manager forbids");
  }
  std::string how = "it ended with status " + std::to_string(WIFEXITED(status) ? WEXITSTATUS(status) : status);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kStatusOutOfMemory) how = "it came to its limit of memory";
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    how = signal == SIGXCPU || signal == SIGKILL ? "it came to its limit of time"
          : signal == SIGSYS                     ? "it tried a system call that is not allowed"
                                                 : "it crashed (" + std::string(::strsignal(signal)) + ")";
  }
  return fail(ErrorKind::kRejected, "CF1250", "reading the file was stopped: " + how,
              "do not trust this file; if you do, report it with the file: reading must never end so");
}

}  // namespace certferry::container
