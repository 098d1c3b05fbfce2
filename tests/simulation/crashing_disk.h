// The disk of a simulated computer, whose process may die at any call.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/testing/fault_file_system.h"

namespace certferry::simulation {

// Thrown out of the call at which the process dies; what is on its stack goes, as the kernel would take it.
struct Killed {};

// In memory. Everything belongs to whoever runs the simulation.
class CrashingDisk final : public FileSystem {
 public:
  // The step of that number, counted from now, throws Killed; a file that is being written keeps half of its content.
  void die_at(std::uint64_t step);
  // The process ended or is started anew: no fault any more.
  void live();
  // As live(), and a part of what was not synced is lost.
  void lose_power(std::uint64_t seed);

  Result<std::optional<FileStatus>> status(const std::string& path) override;
  Result<Secret> read(const std::string& path, std::size_t limit) override { return disk_.read(path, limit); }
  Result<> write_new(const std::string& path, ByteView bytes, unsigned mode) override;
  Result<> sync(const std::string& path) override;
  void start_sync(const std::string&) override {}
  Result<> rename(const std::string& from, const std::string& to) override;
  Result<> make_folder(const std::string& path, unsigned mode) override;
  Result<> make_symlink(const std::string& target, const std::string& path) override;
  Result<std::string> read_symlink(const std::string& path) override { return disk_.read_symlink(path); }
  Result<std::vector<std::string>> list(const std::string& folder) override { return disk_.list(folder); }
  Result<> remove(const std::string& path) override;
  Result<> set_mode(const std::string& path, unsigned mode) override;
  Result<> set_owner(const std::string& path, unsigned owner, unsigned group) override;
  Result<std::vector<unsigned>> readers(const std::string& path) override { return disk_.readers(path); }
  Result<> set_readers(const std::string& path, const std::vector<unsigned>& accounts) override;

 private:
  [[nodiscard]] Result<> survive(Result<> done);

  testing::FaultFileSystem disk_;
  std::uint64_t last_step_ = 0;
  bool mortal_ = false;
};

}  // namespace certferry::simulation
