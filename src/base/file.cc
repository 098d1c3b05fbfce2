#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/acl.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <memory>
#include <type_traits>

#include "base/descriptor.h"
#include "base/file_error.h"

namespace certferry {
namespace {

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
    return fail(ErrorKind::kRejected, "CF1112", path + " is larger than " + std::to_string(limit) + " bytes",
                "name the certificate file itself; real ones have a few kilobytes");
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
  if (!fd.valid()) return cannot_write(path, errno);
  while (::fsync(fd.get()) != 0) {
    if (errno != EINTR) return cannot_write(path, errno);
  }
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

namespace {

// At most `limit` names, in the order of the file system.
Result<std::vector<std::string>> names_in(const std::string& folder, std::size_t limit) {
  const auto close = [](DIR* dir) { ::closedir(dir); };
  const std::unique_ptr<DIR, decltype(close)> dir(::opendir(folder.c_str()), close);
  if (!dir) return cannot_read(folder, errno);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    if (names.size() >= limit) return names;
  }
  if (errno != 0) return cannot_read(folder, errno);
  return names;
}

}  // namespace

Result<std::vector<std::string>> PosixFileSystem::list(const std::string& folder) {
  CERTFERRY_ASSIGN(std::vector<std::string> names, names_in(folder, std::numeric_limits<std::size_t>::max()));
  std::sort(names.begin(), names.end());
  return names;
}

Result<bool> PosixFileSystem::is_empty(const std::string& folder) {
  CERTFERRY_ASSIGN(const std::vector<std::string> names, names_in(folder, 1));
  return names.empty();
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

namespace {

struct FreeAcl {
  void operator()(void* acl) const { ::acl_free(acl); }
};
using Acl = std::unique_ptr<std::remove_pointer_t<acl_t>, FreeAcl>;

// Adds an entry; false where there is no memory for it.
bool add(acl_t& acl, acl_tag_t tag, bool read, bool write, const unsigned* account = nullptr) {
  acl_entry_t entry = nullptr;
  acl_permset_t permissions = nullptr;
  if (::acl_create_entry(&acl, &entry) != 0 || ::acl_set_tag_type(entry, tag) != 0) return false;
  if (account && ::acl_set_qualifier(entry, account) != 0) return false;
  if (::acl_get_permset(entry, &permissions) != 0) return false;
  if (read && ::acl_add_perm(permissions, ACL_READ) != 0) return false;
  if (write && ::acl_add_perm(permissions, ACL_WRITE) != 0) return false;
  return true;
}

}  // namespace

Result<std::vector<unsigned>> PosixFileSystem::readers(const std::string& path) {
  const Acl acl(::acl_get_file(path.c_str(), ACL_TYPE_ACCESS));
  if (!acl && (errno == ENOTSUP || errno == ENOSYS)) return std::vector<unsigned>();
  if (!acl) return cannot_read(path, errno);
  std::vector<unsigned> accounts;
  acl_entry_t entry = nullptr;
  for (int which = ACL_FIRST_ENTRY; ::acl_get_entry(acl.get(), which, &entry) == 1; which = ACL_NEXT_ENTRY) {
    acl_tag_t tag = ACL_UNDEFINED_TAG;
    if (::acl_get_tag_type(entry, &tag) != 0 || tag != ACL_USER) continue;
    const std::unique_ptr<void, FreeAcl> account(::acl_get_qualifier(entry));
    if (account) accounts.push_back(*static_cast<const uid_t*>(account.get()));
  }
  std::ranges::sort(accounts);
  return accounts;
}

Result<> PosixFileSystem::set_readers(const std::string& path, const std::vector<unsigned>& accounts) {
  acl_t acl = ::acl_init(static_cast<int>(accounts.size()) + 4);
  bool made = acl != nullptr && add(acl, ACL_USER_OBJ, true, true) && add(acl, ACL_GROUP_OBJ, false, false) &&
              add(acl, ACL_OTHER, false, false);
  for (const unsigned account : accounts) made = made && add(acl, ACL_USER, true, false, &account);
  if (made && !accounts.empty()) made = add(acl, ACL_MASK, true, false);
  const Acl owned(acl);
  if (!made) return cannot_write(path, ENOMEM);
  if (::acl_set_file(path.c_str(), ACL_TYPE_ACCESS, acl) == 0) return {};
  if (errno != ENOTSUP && errno != ENOSYS) return cannot_write(path, errno);
  if (accounts.empty()) return set_mode(path, 0600);
  return fail(ErrorKind::kFailed, "CF1115", "the file system of " + path + " has no access lists",
              "mount it with access lists, or create the group certferry and put the service accounts into it");
}

Result<> BatchedFileSystem::flush(const std::string& folder) {
  const Descriptor fd(open_retrying(folder, O_RDONLY | O_DIRECTORY));
  if (!fd.valid() || ::syncfs(fd.get()) != 0) return cannot_write(folder, errno);
  return {};
}

}  // namespace certferry
