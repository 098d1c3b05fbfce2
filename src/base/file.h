// The disk: the few operations certferry needs, each one a step that can be made to fail in tests.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace certferry {

enum class FileKind { kFile, kFolder, kSymlink, kOther };

struct FileStatus {
  FileKind kind = FileKind::kOther;
  std::uint64_t size = 0;   // octets
  unsigned mode = 0;        // permission bits
  unsigned owner = 0;       // uid
  unsigned group = 0;       // gid
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
};

// Who may use a file besides its owner: mode and group, or an access list.
struct FileAccess {
  unsigned mode = 0600;           // of no effect where there are readers
  std::optional<unsigned> group;  // gid; nothing: the one it got when it was made
  std::vector<unsigned> readers;  // uids, sorted; where there are any: 0600, and these accounts may read

  bool operator==(const FileAccess&) const = default;
};

// Errors are kFailed (kNotPermitted for EACCES and EPERM) with the path and the system's text:
// CF1110 cannot read, CF1111 cannot write, CF1112 is too large, CF1113 is no regular file, CF1114 does not exist,
// CF1115 the file system has no access lists.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // Nothing where there is none; does not follow a symlink at the end of `path`.
  [[nodiscard]] virtual Result<std::optional<FileStatus>> status(const std::string& path) = 0;
  // The whole of a regular file, or of a pipe, of at most `limit` octets. Follows symlinks.
  [[nodiscard]] virtual Result<Secret> read(const std::string& path, std::size_t limit) = 0;
  // Makes a file that must not exist, with `mode` from the first octet on. Does not sync.
  [[nodiscard]] virtual Result<> write_new(const std::string& path, ByteView bytes, unsigned mode) = 0;
  // fsync of a file or a folder.
  [[nodiscard]] virtual Result<> sync(const std::string& path) = 0;
  // Starts writing out a file's pages without waiting: many files are then synced in the time of one.
  virtual void start_sync(const std::string& path) = 0;
  [[nodiscard]] virtual Result<> rename(const std::string& from, const std::string& to) = 0;
  [[nodiscard]] virtual Result<> make_folder(const std::string& path, unsigned mode) = 0;
  [[nodiscard]] virtual Result<> make_symlink(const std::string& target, const std::string& path) = 0;
  [[nodiscard]] virtual Result<std::string> read_symlink(const std::string& path) = 0;
  // Names without "." and "..", sorted.
  [[nodiscard]] virtual Result<std::vector<std::string>> list(const std::string& folder) = 0;
  // Whether list() would give nothing; does not read all of it.
  [[nodiscard]] virtual Result<bool> is_empty(const std::string& folder);
  // A file, a symlink or an empty folder. An absent one is no error.
  [[nodiscard]] virtual Result<> remove(const std::string& path) = 0;
  [[nodiscard]] virtual Result<> set_mode(const std::string& path, unsigned mode) = 0;
  [[nodiscard]] virtual Result<> set_owner(const std::string& path, unsigned owner, unsigned group) = 0;
  // The accounts that the file's POSIX access list lets read it; none where it has no list. Sorted.
  [[nodiscard]] virtual Result<std::vector<unsigned>> readers(const std::string& path) = 0;
  // In one step: the owner reads and writes, these accounts read, nobody else does anything. CF1115.
  [[nodiscard]] virtual Result<> set_readers(const std::string& path, const std::vector<unsigned>& accounts) = 0;
};

// The real one. Has no state.
class PosixFileSystem final : public FileSystem {
 public:
  Result<std::optional<FileStatus>> status(const std::string& path) override;
  Result<Secret> read(const std::string& path, std::size_t limit) override;
  Result<> write_new(const std::string& path, ByteView bytes, unsigned mode) override;
  Result<> sync(const std::string& path) override;
  void start_sync(const std::string& path) override;
  Result<> rename(const std::string& from, const std::string& to) override;
  Result<> make_folder(const std::string& path, unsigned mode) override;
  Result<> make_symlink(const std::string& target, const std::string& path) override;
  Result<std::string> read_symlink(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  Result<bool> is_empty(const std::string& folder) override;
  Result<> remove(const std::string& path) override;
  Result<> set_mode(const std::string& path, unsigned mode) override;
  Result<> set_owner(const std::string& path, unsigned owner, unsigned group) override;
  Result<std::vector<unsigned>> readers(const std::string& path) override;
  Result<> set_readers(const std::string& path, const std::vector<unsigned>& accounts) override;
};

// Passes everything on but waiting for the disk: what was to be synced is synced by flush(), all at once.
class BatchedFileSystem final : public FileSystem {
 public:
  explicit BatchedFileSystem(FileSystem& files) : files_(files) {}
  // Everything written so far on the file system of `folder` is on disk when it returns (syncfs).
  [[nodiscard]] static Result<> flush(const std::string& folder);

  Result<std::optional<FileStatus>> status(const std::string& path) override { return files_.status(path); }
  Result<Secret> read(const std::string& path, std::size_t limit) override { return files_.read(path, limit); }
  Result<> write_new(const std::string& path, ByteView bytes, unsigned mode) override {
    return files_.write_new(path, bytes, mode);
  }
  Result<> sync(const std::string&) override { return {}; }
  void start_sync(const std::string&) override {}
  Result<> rename(const std::string& from, const std::string& to) override { return files_.rename(from, to); }
  Result<> make_folder(const std::string& path, unsigned mode) override { return files_.make_folder(path, mode); }
  Result<> make_symlink(const std::string& target, const std::string& path) override {
    return files_.make_symlink(target, path);
  }
  Result<std::string> read_symlink(const std::string& path) override { return files_.read_symlink(path); }
  Result<std::vector<std::string>> list(const std::string& folder) override { return files_.list(folder); }
  Result<bool> is_empty(const std::string& folder) override { return files_.is_empty(folder); }
  Result<> remove(const std::string& path) override { return files_.remove(path); }
  Result<> set_mode(const std::string& path, unsigned mode) override { return files_.set_mode(path, mode); }
  Result<> set_owner(const std::string& path, unsigned owner, unsigned group) override {
    return files_.set_owner(path, owner, group);
  }
  Result<std::vector<unsigned>> readers(const std::string& path) override { return files_.readers(path); }
  Result<> set_readers(const std::string& path, const std::vector<unsigned>& accounts) override {
    return files_.set_readers(path, accounts);
  }

 private:
  FileSystem& files_;
};

// The folder that holds `path`: "." for a bare name.
[[nodiscard]] std::string parent_of(const std::string& path);

// Replaces or makes a file so that a reader sees the old or the new one, never a mix, and a power cut leaves one of both:
// temporary file beside it, sync, rename, sync of the folder. The temporary file is removed on failure.
[[nodiscard]] Result<> replace_file(FileSystem& files, const std::string& path, ByteView bytes, unsigned mode);

// Points a symlink elsewhere by one rename; makes it where there is none. Syncs nothing.
[[nodiscard]] Result<> replace_symlink(FileSystem& files, const std::string& path, const std::string& target);

// Whether a file has that access.
[[nodiscard]] Result<bool> has_access(FileSystem& files, const std::string& path, const FileAccess& access);
// Gives a file that access, narrow first, so that at no time anybody reads it who may neither before nor after. Does
// nothing where it has it already. Does not sync.
[[nodiscard]] Result<> give_access(FileSystem& files, const std::string& path, const FileAccess& access);

// One file of a folder to be made.
struct NewFile {
  std::string name;
  ByteView bytes;
  FileAccess access = {.mode = 0644, .group = std::nullopt, .readers = {}};
};

// Makes the folder `path` with all its files, or nothing: writes `path` + suffix + ".new" (what an earlier, interrupted
// call left there is removed), syncs every file and the folder, renames, syncs the parent. CF1111 where a folder of that
// name exists and is not empty. A file is 0600 until it has its access.
[[nodiscard]] Result<> make_complete_folder(FileSystem& files, const std::string& path, std::string_view suffix,
                                            const std::vector<NewFile>& content, unsigned mode);

// Removes a folder that others may look at so that they see all of it or nothing: it is renamed to `path`.new first. When it returns
// the folder is gone for good, whatever became of earlier calls.
[[nodiscard]] Result<> remove_complete_folder(FileSystem& files, const std::string& path);

// Removes a folder with the files in it (folders in it are not expected: CF1111).
[[nodiscard]] Result<> remove_folder(FileSystem& files, const std::string& path);

// Makes `path` and what is missing above it, all with `mode`. Folders that got a new one are synced, or added to
// `unsynced` for the caller to do so; also where an earlier call was killed before it did.
[[nodiscard]] Result<> make_folders(FileSystem& files, const std::string& path, unsigned mode,
                                    std::vector<std::string>* unsynced = nullptr);

}  // namespace certferry
