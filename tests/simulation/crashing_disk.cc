#include "simulation/crashing_disk.h"

#include <unistd.h>

namespace certferry::simulation {

void CrashingDisk::die_at(std::uint64_t step) {
  disk_.heal();
  disk_.kill_at(step);
  last_step_ = step;
  mortal_ = true;
}

void CrashingDisk::live() {
  disk_.heal();
  mortal_ = false;
}

void CrashingDisk::lose_power(std::uint64_t seed) {
  mortal_ = false;
  disk_.cut_power(testing::FaultFileSystem::Loss::kSome, seed);
}

// Destructors that still come to the disk after the death meet a dead one.
Result<> CrashingDisk::survive(Result<> done) {
  if (mortal_ && disk_.steps() > last_step_) {
    mortal_ = false;
    throw Killed();
  }
  return done;
}

Result<std::optional<FileStatus>> CrashingDisk::status(const std::string& path) {
  auto status = disk_.status(path);
  if (status && *status) (*status)->owner = ::geteuid();
  return status;
}

Result<> CrashingDisk::write_new(const std::string& path, ByteView bytes, unsigned mode) {
  return survive(disk_.write_new(path, bytes, mode));
}

Result<> CrashingDisk::sync(const std::string& path) { return survive(disk_.sync(path)); }

Result<> CrashingDisk::rename(const std::string& from, const std::string& to) {
  return survive(disk_.rename(from, to));
}

Result<> CrashingDisk::make_folder(const std::string& path, unsigned mode) {
  return survive(disk_.make_folder(path, mode));
}

Result<> CrashingDisk::make_symlink(const std::string& target, const std::string& path) {
  return survive(disk_.make_symlink(target, path));
}

Result<> CrashingDisk::remove(const std::string& path) { return survive(disk_.remove(path)); }

Result<> CrashingDisk::set_mode(const std::string& path, unsigned mode) { return survive(disk_.set_mode(path, mode)); }

Result<> CrashingDisk::set_owner(const std::string& path, unsigned owner, unsigned group) {
  return survive(disk_.set_owner(path, owner, group));
}

Result<> CrashingDisk::set_readers(const std::string& path, const std::vector<unsigned>& accounts) {
  return survive(disk_.set_readers(path, accounts));
}

}  // namespace certferry::simulation
