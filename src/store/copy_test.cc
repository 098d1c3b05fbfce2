#include "store/copy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "store/memory/memory_store.h"
#include "store/sqlite/sqlite_store.h"
#include "store/testing/copy_content.h"

namespace certferry::store {
namespace {

using testing::content;
using testing::fill;

// A target that goes away after some commits.
class Failing final : public Store {
 public:
  Failing(Store& store, int commits) : store_(store), left_(commits) {}
  Result<std::optional<Entry>> get(std::string_view key) override { return store_.get(key); }
  Result<Listing> list(std::string_view prefix) override { return store_.list(prefix); }
  Result<Revision> commit(const Batch& batch) override {
    if (left_-- == 0) return fail(ErrorKind::kUnreachable, "CF1503", "gone", "");
    return store_.commit(batch);
  }
  Result<Changes> changes(std::string_view prefix, Revision from) override { return store_.changes(prefix, from); }
  Result<bool> wait(std::string_view prefix, Revision from, std::chrono::milliseconds limit) override {
    return store_.wait(prefix, from, limit);
  }
  Result<> verify() override { return store_.verify(); }

 private:
  Store& store_;
  int left_;
};

// A source that somebody writes to whenever it is listed.
class Restless final : public Store {
 public:
  Restless(Store& store, int times) : store_(store), left_(times) {}
  Result<std::optional<Entry>> get(std::string_view key) override { return store_.get(key); }
  Result<Listing> list(std::string_view prefix) override {
    auto listing = store_.list(prefix);
    if (left_-- > 0) {
      Batch batch;
      batch.put("restless", std::to_string(left_));
      EXPECT_TRUE(store_.commit(batch));
    }
    return listing;
  }
  Result<Revision> commit(const Batch& batch) override { return store_.commit(batch); }
  Result<Changes> changes(std::string_view prefix, Revision from) override { return store_.changes(prefix, from); }
  Result<bool> wait(std::string_view prefix, Revision from, std::chrono::milliseconds limit) override {
    return store_.wait(prefix, from, limit);
  }
  Result<> verify() override { return store_.verify(); }

 private:
  Store& store_;
  int left_;
};

TEST(CopyStore, BringsEverythingFromMemoryToSqlite) {
  MemoryStore source;
  fill(source);
  std::string folder = (std::filesystem::temp_directory_path() / "certferry-copy-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const auto target = SqliteStore::open(folder + "/certferry.db", SqliteStore::Access::kWrite).value();
  std::vector<std::size_t> told;
  const auto copied = copy_store(source, *target, {.progress = [&](const CopyProgress& progress) {
                                   EXPECT_EQ(progress.total, 300u);
                                   told.push_back(progress.done);
                                 }});
  ASSERT_TRUE(copied) << copied.error().message;
  EXPECT_EQ(copied->keys, 300u);
  EXPECT_EQ(copied->written, 300u);
  EXPECT_EQ(copied->source, source.list("")->revision);
  EXPECT_EQ(content(*target), content(source));
  EXPECT_THAT(told, ::testing::ElementsAre(127u, 254u, 300u));
  EXPECT_FALSE(*is_unfinished_copy(*target));

  const Revision before = target->list("")->revision;
  const auto again = copy_store(source, *target);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->written, 0u);
  EXPECT_EQ(target->list("")->revision, before) << "nothing was committed";
  std::filesystem::remove_all(folder);
}

TEST(CopyStore, GoesOnAfterEveryInterruption) {
  MemoryStore source;
  fill(source);
  int commits = 0;
  for (bool done = false; !done; ++commits) {
    MemoryStore target;
    Failing failing(target, commits);
    const auto interrupted = copy_store(source, failing);
    done = interrupted.has_value();
    if (done) break;
    EXPECT_EQ(interrupted.error().id, "CF1503");
    EXPECT_EQ(*is_unfinished_copy(target), commits > 0);
    const std::size_t there = content(target).size() - (commits > 0);
    const auto finished = copy_store(source, target);
    ASSERT_TRUE(finished) << finished.error().message;
    EXPECT_EQ(finished->written, 300 - there) << "what was there is not written again";
    EXPECT_EQ(content(target), content(source));
  }
  EXPECT_GE(commits, 5);
}

TEST(CopyStore, TakesAlongWhatChangedBetweenTwoTries) {
  MemoryStore source;
  fill(source);
  MemoryStore target;
  Failing failing(target, 4);
  ASSERT_FALSE(copy_store(source, failing));
  Batch change;
  change.remove("empty");
  change.put("k/1", "new");
  ASSERT_TRUE(source.commit(change));
  const auto finished = copy_store(source, target);
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->removed, 1u);
  EXPECT_EQ(content(target), content(source));
}

TEST(CopyStore, TakesAlongWhatChangesMeanwhile) {
  MemoryStore source;
  fill(source);
  Restless restless(source, 3);
  MemoryStore target;
  const auto copied = copy_store(restless, target);
  ASSERT_TRUE(copied) << copied.error().message;
  EXPECT_EQ(content(target), content(source));
  EXPECT_EQ(content(target).at("restless"), "0");

  Restless always(source, 1'000);
  MemoryStore other;
  const auto never = copy_store(always, other);
  ASSERT_FALSE(never);
  EXPECT_EQ(never.error().id, "CF1516");
  EXPECT_TRUE(*is_unfinished_copy(other));
}

TEST(CopyStore, NeverWritesOverSomethingElse) {
  MemoryStore source;
  fill(source);
  MemoryStore target;
  Batch batch;
  batch.put("precious", "1");
  ASSERT_TRUE(target.commit(batch));
  const auto refused = copy_store(source, target);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().id, "CF1515");
  EXPECT_EQ(refused.error().message, "the store to copy to holds something else, precious for one");
  EXPECT_EQ(content(target).size(), 1u);
}

TEST(CopyStore, DoesNotCopyAnUnfinishedCopy) {
  MemoryStore source;
  Batch batch;
  batch.put(std::string(kUnfinishedCopy), "");
  ASSERT_TRUE(source.commit(batch));
  MemoryStore target;
  EXPECT_EQ(copy_store(source, target).error().id, "CF1515");
}

TEST(CopyStore, OfNothingIsNothing) {
  MemoryStore source;
  MemoryStore target;
  const auto copied = copy_store(source, target);
  ASSERT_TRUE(copied);
  EXPECT_EQ(copied->keys, 0u);
  EXPECT_FALSE(*is_unfinished_copy(target));
}

TEST(CopyStore, LetsTheSourceBeSealedBeforeTheCopyCanBeUsed) {
  MemoryStore source;
  fill(source);
  MemoryStore target;
  int sealed = 0;
  const CopyOptions options{.seal_source = [&]() -> Result<> {
    ++sealed;
    EXPECT_TRUE(*is_unfinished_copy(target));
    Batch last;
    last.put("last", "word");
    last.put(std::string(kMovedStore), "etcd://there");
    CERTFERRY_TRY(source.commit(last));
    return {};
  }};
  ASSERT_TRUE(copy_store(source, target, options));
  EXPECT_EQ(sealed, 1);
  EXPECT_EQ(check_usable(source).error().id, "CF1517");
  EXPECT_TRUE(check_usable(target));
  EXPECT_EQ(content(target).at("last"), "word");
  EXPECT_EQ(content(target).size(), content(source).size() - 1);
}

TEST(CopyStore, ReplacesWhatIsThereOnlyWhereThatWasAskedFor) {
  MemoryStore source;
  fill(source);
  MemoryStore target;
  Batch other;
  other.put("other", "1");
  ASSERT_TRUE(target.commit(other));
  Failing failing(target, 2);
  ASSERT_FALSE(copy_store(source, failing, {.replace = true}));
  EXPECT_EQ(check_usable(target).error().id, "CF1518");
  const auto copied = copy_store(source, target, {.replace = true});
  ASSERT_TRUE(copied) << copied.error().message;
  EXPECT_EQ(content(target), content(source));
}

}  // namespace
}  // namespace certferry::store
