// SQLite's files with faults: a call that fails, a power cut that forgets what was not synced. Not part of the program.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace certferry::store::testing {

// SQLite's default file system while it lives; one at a time, for one thread. Waits for no disk.
class FaultVfs {
 public:
  enum class Call { kOpen, kRead, kWrite, kSync, kTruncate, kShmMap };
  static constexpr std::size_t kCalls = 6;

  // What a power cut leaves of the writes that were not synced; none of them is kept where they are all lost.
  enum class Loss {
    kNothing,  // the system had written everything out
    kEverything,  // names of new files too
    kSome,  // any of them, in any combination; the last one in part
  };

  struct Fault {
    Call call = Call::kWrite;
    std::uint64_t number = 0;  // of the calls of this kind since heal(), from 1
    int code = 0;  // what SQLite is told: SQLITE_FULL…
    bool lasting = false;  // every later call of any writing kind fails too
    bool partly = false;  // a write puts half of it down before it fails
  };

  FaultVfs();
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;
  ~FaultVfs();

  // With every file closed, both.
  void arm(const Fault& fault);
  // The power goes before the writing call (write, sync, truncate) of that number: it and all later ones do nothing and fail.
  void cut_power_at(std::uint64_t step);
  // With every file closed: makes the files what the disk would show after the power cut, and forgets about faults.
  void restart(Loss loss, std::uint64_t seed);
  // No faults from here on; counts from 0. What is on disk counts as synced.
  void heal();

  // Whether the fault or the cut came.
  [[nodiscard]] bool reached() const { return reached_; }
  // Writing calls since heal().
  [[nodiscard]] std::uint64_t steps() const { return steps_; }

  struct Implementation;

 private:
  friend struct Implementation;
  struct Write {
    std::uint64_t offset = 0;
    std::string bytes;
    bool truncate = false;  // to `offset`
  };
  // A file of the disk: what is safe, and what came after.
  struct Disk {
    bool there = false;
    std::string safe;
    std::vector<Write> unsynced;
  };
  struct Remove {
    void operator()(Implementation* implementation) const;
  };

  // What this call has to fail with; 0: nothing.
  [[nodiscard]] int step(Call call);
  [[nodiscard]] Disk& disk(const char* path);

  std::unique_ptr<Implementation, Remove> implementation_;
  std::map<std::string, Disk> disks_;
  Fault fault_;
  bool armed_ = false;
  bool reached_ = false;
  std::uint64_t cut_ = 0;  // 0: never
  std::uint64_t steps_ = 0;
  std::array<std::uint64_t, kCalls> counts_{};
};

[[nodiscard]] std::string_view name_of(FaultVfs::Call call);

}  // namespace certferry::store::testing
