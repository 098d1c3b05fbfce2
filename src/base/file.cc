#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace certferry {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  // Some file systems report a failed write only here.
  [[nodiscard]] int close() {
    const int result = ::close(fd_);
    fd_ = -1;
    return result;
  }

 private:
  int fd_;
};

std::unexpected<Error> system_error(std::string_view id, std::string_view verb, const std::string& path, int error) {
  const bool denied = error == EACCES || error == EPERM;
  std::string fix = "look at the path and its permissions";
  if (error == ENOSPC || error == EDQUOT) fix = "make room on that file system, then run the command again";
  if (error == EROFS) fix = "mount the file system for writing, or choose another path";
  if (error == EIO) fix = "the disk reports an error: look at the kernel's log before you go on";
  if (error == ENOENT) fix = "check the spelling of the path";
  if (denied) fix = "run the command as an account that may do that, or change the permissions";
  return fail(denied ? ErrorKind::kNotPermitted : ErrorKind::kFailed, error == ENOENT && id == "CF1110" ? "CF1114" : id,
              "cannot " + std::string(verb) + " " + path + ": " + std::strerror(error), std::move(fix));
}

std::unexpected<Error> cannot_read(const std::string& path, int error) { return system_error("CF1110", "read", path, error); }
std::unexpected<Error> cannot_write(const std::string& path, int error) { return system_error("CF1111", "write", path, error); }

int open_retrying(const std::string& path, int flags, unsigned mode = 0) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

}  // namespace

Result<std::optional<FileStatus>> PosixFileSystem::status(const std::string& path) {
  struct stat found;
  if (::lstat(path.c_str(), &found) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::optional<FileStatus>();
    return cannot_read(path, errno);
  }
  FileStatus status;
  status.kind = S_ISREG(found.st_mode)   ? FileKind::kFile
                : S_ISDIR(found.st_mode) ? FileKind::kFolder
                : S_ISLNK(found.st_mode) ? FileKind::kSymlink
                                         : FileKind::kOther;
  status.size = static_cast<std::uint64_t>(found.st_size);
  status.mode = found.st_mode & 07777;
  status.owner = found.st_uid;
  status.group = found.st_gid;
  status.device = found.st_dev;
  status.inode = found.st_ino;
  return std::optional(status);
}

Result<Secret> PosixFileSystem::read(const std::string& path, std::size_t limit) {
  const Descriptor fd(open_retrying(path, O_RDONLY));
  if (!fd.valid()) return cannot_read(path, errno);
  struct stat found;
  if (::fstat(fd.get(), &found) != 0) return cannot_read(path, errno);
  if (S_ISDIR(found.st_mode)) {
    return fail(ErrorKind::kFailed, "CF1113", path + " is a folder, not a file", "name a file in it");
  }
  // One octet more than the limit shows that there is more; the buffer never grows, so that no copy is left behind.
  const std::size_t expected = S_ISREG(found.st_mode) ? static_cast<std::size_t>(found.st_size) : limit;
  Bytes bytes(std::min(expected, limit) + 1);
  std::size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t count = ::read(fd.get(), bytes.data() + size, bytes.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int error = errno;
      wipe(bytes);
      return cannot_read(path, error);
    }
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  Secret content(ByteView(bytes).first(size));
  wipe(bytes);
  if (size > limit) {
    return fail(ErrorKind::kRejected, "CF1112",
                path + " is larger than " + std::to_string(limit) + " bytes", "name the certificate file itself; real ones have a few kilobytes");
  }
  return content;
}

Result<> PosixFileSystem::write_new(const std::string& path, ByteView bytes, unsigned mode) {
  Descriptor fd(open_retrying(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode));
  if (!fd.valid()) return cannot_write(path, errno);
  // The umask may have taken bits away that services need.
  if (::fchmod(fd.get(), mode) != 0) return cannot_write(path, errno);
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return cannot_write(path, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  if (fd.close() != 0) return cannot_write(path, errno);
  return {};
}

Result<> PosixFileSystem::sync(const std::string& path) {
  const Descriptor fd(open_retrying(path, O_RDONLY));
  if (!fd.valid() || ::fsync(fd.get()) != 0) return cannot_write(path, errno);
  return {};
}

void PosixFileSystem::start_sync(const std::string& path) {
  const Descriptor fd(open_retrying(path, O_RDONLY));
  if (fd.valid()) ::sync_file_range(fd.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
}

Result<> PosixFileSystem::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return cannot_write(to, errno);
  return {};
}

Result<> PosixFileSystem::make_folder(const std::string& path, unsigned mode) {
  if (::mkdir(path.c_str(), mode) != 0) return cannot_write(path, errno);
  return {};
}

Result<> PosixFileSystem::make_symlink(const std::string& target, const std::string& path) {
  if (::symlink(target.c_str(), path.c_str()) != 0) return cannot_write(path, errno);
  return {};
}

Result<std::string> PosixFileSystem::read_symlink(const std::string& path) {
  std::string target(4096, '\0');
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  if (size < 0) return cannot_read(path, errno);
  target.resize(static_cast<std::size_t>(size));
  return target;
}

Result<std::vector<std::string>> PosixFileSystem::list(const std::string& folder) {
  const auto close = [](DIR* dir) { ::closedir(dir); };
  const std::unique_ptr<DIR, decltype(close)> dir(::opendir(folder.c_str()), close);
  if (!dir) return cannot_read(folder, errno);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return cannot_read(folder, errno);
  std::sort(names.begin(), names.end());
  return names;
}

Result<> PosixFileSystem::remove(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR && errno != EPERM) return cannot_write(path, errno);
  if (::rmdir(path.c_str()) != 0 && errno != ENOENT) return cannot_write(path, errno);
  return {};
}

Result<> PosixFileSystem::set_mode(const std::string& path, unsigned mode) {
  if (::fchmodat(AT_FDCWD, path.c_str(), mode, 0) != 0) return cannot_write(path, errno);
  return {};
}

Result<> PosixFileSystem::set_owner(const std::string& path, unsigned owner, unsigned group) {
  if (::lchown(path.c_str(), owner, group) != 0) return cannot_write(path, errno);
  return {};
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

namespace {

// Unique among the processes of this computer and the calls of this one.
std::string temporary_beside(const std::string& path) {
  static thread_local unsigned count = 0;
  return path + "." + std::to_string(::getpid()) + "-" + std::to_string(::gettid()) + "-" + std::to_string(++count) + ".new";
}

// Keeps the first error: what could not be cleaned up is found by the next run.
std::unexpected<Error> undo(FileSystem& files, const std::string& temporary, Error error) {
  static_cast<void>(files.remove(temporary));
  return std::unexpected(std::move(error));
}

}  // namespace

Result<> replace_file(FileSystem& files, const std::string& path, ByteView bytes, unsigned mode) {
  const std::string temporary = temporary_beside(path);
  if (auto written = files.write_new(temporary, bytes, mode); !written) return undo(files, temporary, written.error());
  if (auto synced = files.sync(temporary); !synced) return undo(files, temporary, synced.error());
  if (auto renamed = files.rename(temporary, path); !renamed) return undo(files, temporary, renamed.error());
  return files.sync(parent_of(path));
}

Result<> replace_symlink(FileSystem& files, const std::string& path, const std::string& target) {
  const std::string temporary = temporary_beside(path);
  if (auto made = files.make_symlink(target, temporary); !made) return undo(files, temporary, made.error());
  if (auto renamed = files.rename(temporary, path); !renamed) return undo(files, temporary, renamed.error());
  return files.sync(parent_of(path));
}

Result<> make_complete_folder(FileSystem& files, const std::string& path, std::string_view suffix,
                              const std::vector<NewFile>& content, unsigned mode) {
  const std::string temporary = path + std::string(suffix) + ".new";
  const auto fill = [&]() -> Result<> {
    CERTFERRY_TRY(files.make_folder(temporary, mode));
    for (const NewFile& file : content) {
      const std::string name = temporary + "/" + file.name;
      CERTFERRY_TRY(files.write_new(name, file.bytes, file.mode));
      files.start_sync(name);
    }
    for (const NewFile& file : content) CERTFERRY_TRY(files.sync(temporary + "/" + file.name));
    CERTFERRY_TRY(files.sync(temporary));
    return files.rename(temporary, path);
  };
  if (auto filled = fill(); !filled) {
    static_cast<void>(remove_folder(files, temporary));
    return filled;
  }
  return files.sync(parent_of(path));
}

Result<> remove_folder(FileSystem& files, const std::string& path) {
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files.status(path));
  if (!status) return {};
  CERTFERRY_ASSIGN(const std::vector<std::string> names, files.list(path));
  for (const std::string& name : names) CERTFERRY_TRY(files.remove(path + "/" + name));
  return files.remove(path);
}

Result<> make_folders(FileSystem& files, const std::string& path, unsigned mode) {
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files.status(path));
  if (status) return {};
  const std::string parent = parent_of(path);
  if (parent != path) CERTFERRY_TRY(make_folders(files, parent, mode));
  if (auto made = files.make_folder(path, mode); !made) {
    // Another process may have been quicker.
    CERTFERRY_ASSIGN(const std::optional<FileStatus> now, files.status(path));
    if (now && now->kind == FileKind::kFolder) return {};
    return made;
  }
  return files.sync(parent);
}

}  // namespace certferry
