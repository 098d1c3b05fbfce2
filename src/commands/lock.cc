#include "commands/lock.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace certferry::commands {

Result<Lock> Lock::take(const std::string& path, int seconds) {
  constexpr int kStepMilliseconds = 20;
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    return fail(ErrorKind::kFailed, "CF1731", "cannot lock " + path + ": " + std::strerror(errno),
                "look at the folder and its permissions");
  }
  Lock lock(fd);
  for (int waited = 0;; waited += kStepMilliseconds) {
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return lock;
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

Lock::~Lock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace certferry::commands
