// A program that forgets one sync or one rename: what tests of durability must notice. Not part of the program.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.h"

namespace certferry::testing {

// Passes everything on but one call, which does nothing and reports success.
class SkippingFileSystem final : public FileSystem {
 public:
  // The syncs and renames are counted from 0; nothing is left out where there are not that many.
  SkippingFileSystem(FileSystem& files, std::uint64_t left_out) : files_(files), left_out_(left_out) {}

  // Of all syncs and renames so far, in order: "sync /path", "rename to /path".
  [[nodiscard]] const std::vector<std::string>& calls() const { return calls_; }

  Result<> sync(const std::string& path) override {
    if (leave_out("sync " + path)) return {};
    return files_.sync(path);
  }
  Result<> rename(const std::string& from, const std::string& to) override {
    if (leave_out("rename to " + to)) return {};
    return files_.rename(from, to);
  }

  Result<std::optional<FileStatus>> status(const std::string& path) override { return files_.status(path); }
  Result<Secret> read(const std::string& path, std::size_t limit) override { return files_.read(path, limit); }
  Result<> write_new(const std::string& path, ByteView bytes, unsigned mode) override {
    return files_.write_new(path, bytes, mode);
  }
  void start_sync(const std::string&) override {}
  Result<> make_folder(const std::string& path, unsigned mode) override { return files_.make_folder(path, mode); }
  Result<> make_symlink(const std::string& target, const std::string& path) override {
    return files_.make_symlink(target, path);
  }
  Result<std::string> read_symlink(const std::string& path) override { return files_.read_symlink(path); }
  Result<std::vector<std::string>> list(const std::string& folder) override { return files_.list(folder); }
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
  bool leave_out(std::string call) {
    calls_.push_back(std::move(call));
    return calls_.size() - 1 == left_out_;
  }

  FileSystem& files_;
  const std::uint64_t left_out_;
  std::vector<std::string> calls_;
};

}  // namespace certferry::testing
