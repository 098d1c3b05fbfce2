#include "container/child_error.h"

#include <signal.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace certferry::container {

std::unexpected<Error> no_child(std::string_view what) {
  return fail(ErrorKind::kFailed, "CF1251",
              "no confined process could be made to read the file (" + std::string(what) + "): " + std::strerror(errno),
              "look at the limits on processes and memory of this account");
}

std::unexpected<Error> child_died(int status) {
  std::string how = "it ended with status " + std::to_string(WIFEXITED(status) ? WEXITSTATUS(status) : status);
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
