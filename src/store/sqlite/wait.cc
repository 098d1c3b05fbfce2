// Waiting for other processes' commits without ever looking in vain: inotify tells when the -wal is written.
#include <poll.h>
#include <sys/inotify.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/clock.h"
#include "store/sqlite/sqlite_store.h"

namespace certferry::store {
namespace {

std::unexpected<Error> cannot_watch(const std::string& folder) {
  return fail(ErrorKind::kUnreachable, "CF1503", "the folder " + folder + " cannot be watched: " + std::strerror(errno),
              "check that the folder is there, and look at the limits of inotify (/proc/sys/fs/inotify)");
}

// Whether one of the events is about the database or its -wal. Not the -shm: readers write to it too.
bool was_written(int watch, std::string_view name) {
  alignas(inotify_event) std::array<char, 4096> buffer;
  bool written = false;
  ssize_t size = 0;
  while ((size = ::read(watch, buffer.data(), buffer.size())) > 0) {
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const std::string_view file = event.len > 0 ? buffer.data() + at + sizeof event : "";
      written = written || (event.mask & IN_Q_OVERFLOW) != 0 || file == name || file == std::string(name) + "-wal";
      at += sizeof event + event.len;
    }
  }
  return written;
}

}  // namespace

Result<bool> SqliteStore::wait(std::string_view prefix, Revision from, std::chrono::milliseconds limit) {
  const std::size_t slash = path_.find_last_of('/');
  if (!watch_.valid()) {
    // The folder and not the files: SQLite makes its -wal anew.
    const std::string folder = slash == std::string::npos ? "." : path_.substr(0, std::max<std::size_t>(slash, 1));
    Descriptor watch(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!watch.valid() || ::inotify_add_watch(watch.get(), folder.c_str(), IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
      return cannot_watch(folder);
    watch_ = std::move(watch);
  }
  const std::string name = slash == std::string::npos ? path_ : path_.substr(slash + 1);
  const SystemClock clock;
  const auto end = clock.monotonic() + limit;
  CERTFERRY_ASSIGN(bool found, changed(prefix, from));
  while (!found) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - clock.monotonic());
    if (left.count() <= 0) return false;
    pollfd wanted = {watch_.get(), POLLIN, 0};
    if (::poll(&wanted, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 1 << 30))) < 0 && errno != EINTR)
      return cannot_watch(path_);
    if (!was_written(watch_.get(), name)) continue;
    // The first octets of a commit are seen before it is over.
    CERTFERRY_TRY(wait_for_writers());
    CERTFERRY_ASSIGN(found, changed(prefix, from));
  }
  return true;
}

}  // namespace certferry::store
