#include "commands/lock.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace certferry::commands {

Result<Lock> Lock::take(const std::string& path, int seconds) {
  constexpr int kStepMilliseconds = 20;
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) {
    return fail(ErrorKind::kFailed, "CF1731", "cannot lock " + path + ": " + std::strerror(errno),
                "look at the folder and its permissions");
  }
  for (int waited = 0;; waited += kStepMilliseconds) {
    if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return Lock(std::move(file));
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return fail(ErrorKind::kFailed, "CF1731", "cannot lock " + path + ": " + std::strerror(errno),
                  "look at the file system");
    }
    if (waited >= seconds * 1000) break;
    ::poll(nullptr, 0, kStepMilliseconds);
  }
  return fail(ErrorKind::kConflict, "CF1730",
              "another command works on this home and has not finished for " + std::to_string(seconds) + " seconds",
              "wait for it, or look for a process that hangs");
}

}  // namespace certferry::commands
