// The engines that need nothing else, and what SQLite promises besides.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <fstream>
#include <functional>
#include <thread>

#include "store/memory/memory_store.h"
#include "store/sqlite/sqlite_store.h"
#include "store/testing/conformance.h"

namespace certferry::store {
namespace {

using testing::Conformance;
using testing::Engine;
using testing::MakeEngine;

class MemoryEngine final : public Engine {
 public:
  Store& store() override { return store_; }
  void reopen() override {}
  std::unique_ptr<Store> another() override { return nullptr; }

 private:
  MemoryStore store_;
};

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "certferry-store-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] std::string file(const char* name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

std::unique_ptr<SqliteStore> open_sqlite(const std::string& path,
                                         SqliteStore::Access access = SqliteStore::Access::kWrite) {
  auto store = SqliteStore::open(path, access);
  EXPECT_TRUE(store) << store.error().message;
  return store ? std::move(*store) : nullptr;
}

class SqliteEngine final : public Engine {
 public:
  Store& store() override {
    if (!store_) store_ = open_sqlite(folder_.file("certferry.db"));
    return *store_;
  }
  void reopen() override { store_.reset(); }
  std::unique_ptr<Store> another() override { return open_sqlite(folder_.file("certferry.db")); }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<SqliteStore> store_;
};

INSTANTIATE_TEST_SUITE_P(
    Engines, Conformance,
    ::testing::Values(std::pair<const char*, MakeEngine>{"memory", [] { return std::make_unique<MemoryEngine>(); }},
                      std::pair<const char*, MakeEngine>{"sqlite", [] { return std::make_unique<SqliteEngine>(); }}),
    [](const auto& engine) { return engine.param.first; });

TEST(SqliteStore, LosesAndDoublesNothingWith20Processes) {
  const TemporaryFolder folder;
  const std::string path = folder.file("certferry.db");
  constexpr int kProcesses = 20;
  constexpr int kCommits = 5;
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      auto store = SqliteStore::open(path, SqliteStore::Access::kWrite);
      for (int done = 0; store && done < kCommits;) {
        const auto counter = (*store)->get("counter");
        if (!counter) ::_exit(2);
        Batch batch;
        batch.expect("counter", *counter ? (*counter)->revision : 0);
        batch.put("counter", std::to_string(*counter ? std::stoi((*counter)->value) + 1 : 1));
        const auto committed = (*store)->commit(batch);
        if (committed) ++done;
        else if (committed.error().id != "CF1501") ::_exit(3);
      }
      ::_exit(store ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ((*open_sqlite(path)->get("counter"))->value, std::to_string(kProcesses * kCommits));
}

TEST(SqliteStore, LosesAndDoublesNothingWith20Threads) {
  const TemporaryFolder folder;
  const std::string path = folder.file("certferry.db");
  constexpr int kThreads = 20;
  constexpr int kCommits = 5;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&path, i] {
        const auto store = open_sqlite(path);
        for (int done = 0; store && done < kCommits; ++done) {
          Batch batch;
          batch.expect("t/" + std::to_string(i) + "/" + std::to_string(done), 0);
          batch.put("t/" + std::to_string(i) + "/" + std::to_string(done), "x");
          EXPECT_TRUE(store->commit(batch));
        }
      });
    }
  }
  const auto listing = open_sqlite(path)->list("t/");
  ASSERT_TRUE(listing);
  EXPECT_EQ(listing->entries.size(), std::size_t{kThreads * kCommits});
  EXPECT_EQ(listing->revision, Revision{kThreads * kCommits});
}

TEST(SqliteStore, NamesAnEmptiedFileInsteadOfBeginningAnew) {
  const TemporaryFolder folder;
  const std::string path = folder.file("certferry.db");
  {
    Batch batch;
    batch.put("key", "value");
    ASSERT_TRUE(open_sqlite(path)->commit(batch));
  }
  ASSERT_TRUE(std::filesystem::exists(path + "-wal")) << "closing must not remove it";
  std::filesystem::resize_file(path, 0);
  const auto store = SqliteStore::open(path, SqliteStore::Access::kWrite);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().id, "CF1504");
}

TEST(SqliteStore, CanBeReadByItsOwnerAlone) {
  const TemporaryFolder folder;
  const auto store = open_sqlite(folder.file("certferry.db"));
  for (const char* name : {"certferry.db", "certferry.db-wal", "certferry.db-shm"}) {
    struct stat found;
    ASSERT_EQ(::stat(folder.file(name).c_str(), &found), 0) << name;
    EXPECT_EQ(found.st_mode & 0777, 0600u) << name;
  }
}

TEST(SqliteStore, NamesADamagedFileAndDoesNotUseIt) {
  const TemporaryFolder folder;
  const std::string path = folder.file("certferry.db");
  {
    const auto store = open_sqlite(path);
    for (int i = 0; i < 100; ++i) {
      Batch batch;
      batch.put("key" + std::to_string(i), std::string(500, 'v'));
      ASSERT_TRUE(store->commit(batch));
    }
  }
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(0);
    file << "this is no database at all";
  }
  std::filesystem::remove(path + "-wal");
  const auto store = SqliteStore::open(path, SqliteStore::Access::kWrite);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().id, "CF1504");
}

TEST(SqliteStore, ReadsOfOneMomentAreNotTornByAnotherCommit) {
  const TemporaryFolder folder;
  const auto reader = open_sqlite(folder.file("store.db"));
  const auto writer = open_sqlite(folder.file("store.db"));
  Batch first;
  first.put("a", "old");
  first.put("b", "old");
  ASSERT_TRUE(writer->commit(first));
  const auto values = [&] { return (*reader->get("a"))->value + " " + reader->list("b")->entries.front().value; };
  {
    const Reading reading(*reader);
    EXPECT_EQ((*reader->get("a"))->value, "old");
    Batch second;
    second.put("a", "new");
    second.put("b", "new");
    ASSERT_TRUE(writer->commit(second));
    EXPECT_EQ(values(), "old old");
  }
  EXPECT_EQ(values(), "new new");
}

// Its bytes can be seen in the file before its commit: whoever is woken by them must not look too early.
TEST(SqliteStore, WaitsForACommitThatIsUnderWay) {
  const TemporaryFolder folder;
  const std::string path = folder.file("store.db");
  const auto store = open_sqlite(path);
  sqlite3* writer = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &writer), SQLITE_OK);
  ASSERT_EQ(
      sqlite3_exec(writer, "BEGIN IMMEDIATE; INSERT INTO entries VALUES(x'61', x'62', 1)", nullptr, nullptr, nullptr),
      SQLITE_OK);
  std::future<bool> seen =
      std::async(std::launch::async, [&] { return store->wait_for_writers() && (*store->get("a")).has_value(); });
  EXPECT_EQ(seen.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
  ASSERT_EQ(sqlite3_exec(writer, "COMMIT", nullptr, nullptr, nullptr), SQLITE_OK);
  EXPECT_TRUE(seen.get());
  sqlite3_close(writer);
}

TEST(SqliteStore, LeavesNoLargeLogBehind) {
  const TemporaryFolder folder;
  const std::string path = folder.file("store.db");
  {
    const auto store = open_sqlite(path);
    for (int i = 0; i < 30; ++i) {
      Batch batch;
      for (int k = 0; k < 100; ++k)
        batch.put(std::to_string(i * 7919 % 30) + "/" + std::to_string(k), std::string(900, 'v'));
      ASSERT_TRUE(store->commit(batch));
    }
    EXPECT_GT(std::filesystem::file_size(path + "-wal"), 100'000u);
  }
  EXPECT_LT(std::filesystem::file_size(path + "-wal"), 1'100'000u);
  const auto again = open_sqlite(path);
  EXPECT_EQ(again->list("")->entries.size(), 3000u);
}

TEST(SqliteStore, RefusesToReadWhatIsNotThere) {
  const TemporaryFolder folder;
  const auto store = SqliteStore::open(folder.file("none.db"), SqliteStore::Access::kRead);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().id, "CF1503");
  EXPECT_FALSE(std::filesystem::exists(folder.file("none.db")));
}

}  // namespace
}  // namespace certferry::store
