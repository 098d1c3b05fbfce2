#include "store/testing/generations_store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace certferry::store::testing {
namespace {

constexpr std::size_t kKeys = 8;
constexpr std::uint64_t kGenerationsBefore = 5;  // each takes about ten pages of the -wal, a checkpoint comes after 64

std::string key(std::size_t index) { return "key/" + std::to_string(index); }

std::string value(std::uint64_t generation, std::size_t index) {
  return std::to_string(generation) + ":" + std::string(100 + 600 * index, static_cast<char>('a' + index));
}

}  // namespace

GenerationsStore::GenerationsStore() {
  std::string name = (std::filesystem::temp_directory_path() / "certferry-faults-XXXXXX").string();
  folder_ = ::mkdtemp(name.data());
  std::filesystem::create_directory(folder_ + "/start");
  path_ = folder_ + "/start/certferry.db";
  EXPECT_TRUE(write_generations(kGenerationsBefore).empty());
  close();
  first_ = known_;
  std::filesystem::create_directory(folder_ + "/home");
  path_ = folder_ + "/home/certferry.db";
}

GenerationsStore::~GenerationsStore() {
  close();
  std::filesystem::remove_all(folder_);
}

void GenerationsStore::remove_files() {
  close();
  std::filesystem::remove_all(folder_ + "/home");
  std::filesystem::create_directory(folder_ + "/home");
  known_ = 0;
  maybe_next_ = false;
}

void GenerationsStore::reset() {
  remove_files();
  std::filesystem::copy(folder_ + "/start", folder_ + "/home", std::filesystem::copy_options::recursive);
  known_ = first_;
}

std::vector<std::string> GenerationsStore::other_files() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ + "/home")) {
    std::string name = entry.path().filename();
    if (name != "certferry.db" && name != "certferry.db-wal" && name != "certferry.db-shm") names.push_back(name);
  }
  return names;
}

Result<> GenerationsStore::open() {
  if (store_) return {};
  CERTFERRY_ASSIGN(store_, SqliteStore::open(path_, SqliteStore::Access::kWrite));
  return {};
}

// "toggle" is there after even generations alone.
Result<> GenerationsStore::commit(std::uint64_t generation) {
  Batch batch;
  for (std::size_t i = 0; i < kKeys; ++i) batch.put(key(i), value(generation, i));
  if (generation % 2 == 0) {
    batch.put("toggle", "");
  } else {
    batch.remove("toggle");
  }
  CERTFERRY_TRY(store_->commit(batch));
  return {};
}

std::vector<std::string> GenerationsStore::write_generations(std::uint64_t commits, AfterError after) {
  std::vector<std::string> ids;
  if (const Result<> opened = open(); !opened) return {opened.error().id};
  for (; commits > 0; --commits) {
    const Result<> done = commit(known_ + 1);
    if (done) {
      ++known_;
    } else {
      ids.push_back(done.error().id);
    }
    maybe_next_ = !done;
    if (!done && after == AfterError::kStop) break;
  }
  return ids;
}

void GenerationsStore::expect_one_state() {
  const auto listing = store_->list("");
  ASSERT_TRUE(listing) << listing.error().id << ": " << listing.error().message;
  const std::uint64_t found = listing->entries.empty() ? 0 : std::stoull(listing->entries.front().value);
  EXPECT_TRUE(found == known_ || (maybe_next_ && found == known_ + 1))
      << found << " is there, " << known_ << " was committed";
  std::size_t expected = found == 0 ? 0 : kKeys;
  for (std::size_t i = 0; i < expected && i < listing->entries.size(); ++i) {
    EXPECT_EQ(listing->entries[i], (Entry{key(i), value(found, i), listing->revision}));
  }
  if (found > 0 && found % 2 == 0) ++expected;
  EXPECT_EQ(listing->entries.size(), expected);
  late_ += found > known_;
  known_ = found;
  maybe_next_ = false;
}

void GenerationsStore::expect_works_on() {
  const Result<> opened = open();
  ASSERT_TRUE(opened) << opened.error().id << ": " << opened.error().message;
  expect_one_state();
  EXPECT_EQ(write_generations(1), std::vector<std::string>());
  expect_one_state();
}

void GenerationsStore::expect_old_or_new() {
  close();
  const Result<> opened = open();
  ASSERT_TRUE(opened) << opened.error().id << ": " << opened.error().message;
  expect_one_state();
  const auto sound = store_->verify();
  EXPECT_TRUE(sound) << sound.error().message;
  EXPECT_EQ(write_generations(1), std::vector<std::string>());
  close();
  ASSERT_TRUE(open());
  expect_one_state();
  EXPECT_TRUE(store_->verify());
  close();
}

}  // namespace certferry::store::testing
