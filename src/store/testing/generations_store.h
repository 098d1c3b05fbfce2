// A store whose every commit writes every key anew, so that a mix of two commits shows. Not part of the program.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "store/sqlite/sqlite_store.h"
#include "store/testing/fault_vfs.h"

namespace certferry::store::testing {

// An SQLite store in a temporary folder. Failures are reported to gtest.
class GenerationsStore {
 public:
  GenerationsStore();
  GenerationsStore(const GenerationsStore&) = delete;
  GenerationsStore& operator=(const GenerationsStore&) = delete;
  ~GenerationsStore();

  // Back to a store with some commits, one or two away from a checkpoint.
  void reset();
  // No store at all.
  void remove_files();
  void close() { store_.reset(); }

  enum class AfterError { kGoOn, kStop };  // as an agent does, and as a command does
  // Opens the store where it is closed and commits so many times; the ids of the errors that came.
  std::vector<std::string> write_generations(std::uint64_t commits, AfterError after = AfterError::kGoOn);

  // The connection, as it is, shows one state that may be, and commits.
  void expect_works_on();
  // The same of a new connection, and SQLite finds everything sound.
  void expect_old_or_new();

  // How often a commit that was reported as failed was there later.
  [[nodiscard]] std::uint64_t late() const { return late_; }
  // Names in the folder besides the database and its -wal and -shm.
  [[nodiscard]] std::vector<std::string> other_files() const;

 private:
  [[nodiscard]] Result<> open();
  [[nodiscard]] Result<> commit(std::uint64_t generation);
  void expect_one_state();

  std::string folder_;
  std::string path_;
  std::unique_ptr<SqliteStore> store_;
  std::uint64_t first_ = 0;    // what reset() leads to
  std::uint64_t known_ = 0;    // the last generation that was reported as committed
  bool maybe_next_ = false;    // the one after it failed: it may be there or not
  std::uint64_t late_ = 0;
};

}  // namespace certferry::store::testing
