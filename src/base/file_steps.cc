// What is made of the steps of a FileSystem.
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "base/file_error.h"

namespace certferry {

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

namespace {

// Unique among the living processes of this computer and the calls of this one; a dead one may have left its own.
std::string temporary_beside(const std::string& path) {
  static thread_local unsigned count = 0;
  return path + "." + std::to_string(::getpid()) + "-" + std::to_string(::gettid()) + "-" + std::to_string(++count) +
         ".new";
}

// Keeps the first error: what could not be cleaned up is found by the next run.
std::unexpected<Error> undo(FileSystem& files, const std::string& temporary, Error error) {
  static_cast<void>(files.remove(temporary));
  return std::unexpected(std::move(error));
}

}  // namespace

Result<bool> FileSystem::is_empty(const std::string& folder) {
  CERTFERRY_ASSIGN(const std::vector<std::string> names, list(folder));
  return names.empty();
}

Result<bool> has_access(FileSystem& files, const std::string& path, const FileAccess& access) {
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files.status(path));
  if (!status) return cannot_read(path, ENOENT);
  CERTFERRY_ASSIGN(const std::vector<unsigned> readers, files.readers(path));
  if (readers != access.readers || (access.group && status->group != *access.group)) return false;
  // With a list, the group's bits of the mode are the list's mask.
  return status->mode == (readers.empty() ? access.mode : 0640);
}

Result<> give_access(FileSystem& files, const std::string& path, const FileAccess& access) {
  CERTFERRY_ASSIGN(const bool there, has_access(files, path, access));
  if (there) return {};
  CERTFERRY_TRY(files.set_readers(path, {}));
  if (access.group) CERTFERRY_TRY(files.set_owner(path, ::geteuid(), *access.group));
  if (!access.readers.empty()) return files.set_readers(path, access.readers);
  if (access.mode != 0600) return files.set_mode(path, access.mode);
  return {};
}

Result<> replace_file(FileSystem& files, const std::string& path, ByteView bytes, unsigned mode) {
  const std::string temporary = temporary_beside(path);
  CERTFERRY_TRY(files.remove(temporary));
  if (auto written = files.write_new(temporary, bytes, mode); !written) return undo(files, temporary, written.error());
  if (auto synced = files.sync(temporary); !synced) return undo(files, temporary, synced.error());
  if (auto renamed = files.rename(temporary, path); !renamed) return undo(files, temporary, renamed.error());
  return files.sync(parent_of(path));
}

Result<> replace_symlink(FileSystem& files, const std::string& path, const std::string& target) {
  const std::string temporary = temporary_beside(path);
  CERTFERRY_TRY(files.remove(temporary));
  if (auto made = files.make_symlink(target, temporary); !made) return undo(files, temporary, made.error());
  if (auto renamed = files.rename(temporary, path); !renamed) return undo(files, temporary, renamed.error());
  return {};
}

namespace {

// Public files get their mode with the first octet; others only after they have their group or list.
Result<> write_one(FileSystem& files, const std::string& path, const NewFile& file) {
  const bool plain = !file.access.group && file.access.readers.empty();
  CERTFERRY_TRY(files.write_new(path, file.bytes, plain ? file.access.mode : 0600));
  if (!plain) CERTFERRY_TRY(give_access(files, path, file.access));
  files.start_sync(path);
  return {};
}

}  // namespace

Result<> make_complete_folder(FileSystem& files, const std::string& path, std::string_view suffix,
                              const std::vector<NewFile>& content, unsigned mode) {
  const std::string temporary = path + std::string(suffix) + ".new";
  const auto fill = [&]() -> Result<> {
    CERTFERRY_TRY(remove_folder(files, temporary));
    CERTFERRY_TRY(files.make_folder(temporary, mode));
    for (const NewFile& file : content) CERTFERRY_TRY(write_one(files, temporary + "/" + file.name, file));
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

Result<> remove_complete_folder(FileSystem& files, const std::string& path) {
  const std::string temporary = path + ".new", parent = parent_of(path);
  CERTFERRY_TRY(remove_folder(files, temporary));
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files.status(path));
  if (status) {
    CERTFERRY_TRY(files.rename(path, temporary));
    CERTFERRY_TRY(files.sync(parent));
    CERTFERRY_TRY(remove_folder(files, temporary));
  }
  // A key that was removed must not come back after a power cut; nor one that is gone because an earlier call was killed here.
  CERTFERRY_ASSIGN(const std::optional<FileStatus> above, files.status(parent));
  return above ? files.sync(parent) : Result<>();
}

Result<> remove_folder(FileSystem& files, const std::string& path) {
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files.status(path));
  if (!status) return {};
  CERTFERRY_ASSIGN(const std::vector<std::string> names, files.list(path));
  for (const std::string& name : names) {
    const std::string inner = path + "/" + name;
    CERTFERRY_ASSIGN(const std::optional<FileStatus> kind, files.status(inner));
    CERTFERRY_TRY(kind && kind->kind == FileKind::kFolder ? remove_folder(files, inner) : files.remove(inner));
  }
  return files.remove(path);
}

Result<> make_folders(FileSystem& files, const std::string& path, unsigned mode, std::vector<std::string>* unsynced) {
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files.status(path));
  const std::string parent = parent_of(path);
  const auto sync_parent = [&]() -> Result<> {
    if (!unsynced) return files.sync(parent);
    unsynced->push_back(parent);
    return {};
  };
  if (status) {
    // Nothing is put into a folder before its own name is on disk.
    const bool may_be_lost = status->kind == FileKind::kFolder && files.is_empty(path).value_or(false);
    return may_be_lost ? sync_parent() : Result<>();
  }
  if (parent != path) CERTFERRY_TRY(make_folders(files, parent, mode, unsynced));
  if (auto made = files.make_folder(path, mode); !made) {
    // Another process may have been quicker.
    CERTFERRY_ASSIGN(const std::optional<FileStatus> now, files.status(path));
    if (now && now->kind == FileKind::kFolder) return {};
    return made;
  }
  return sync_parent();
}

}  // namespace certferry
