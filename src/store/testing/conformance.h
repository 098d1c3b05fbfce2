// The suite that every engine passes: include it in one test, which then instantiates it. What was committed is looked at
// again after reopening.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <thread>

#include "store/store.h"

namespace certferry::store::testing {

// An engine and the way to come back to its data.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual Store& store() = 0;
  virtual void reopen() = 0;
  // Another way to the same data, for another thread; null where store() itself may be used by several.
  virtual std::unique_ptr<Store> another() = 0;
};

using MakeEngine = std::function<std::unique_ptr<Engine>()>;
class Conformance : public ::testing::TestWithParam<std::pair<const char*, MakeEngine>> {
 protected:
  std::unique_ptr<Engine> engine_ = GetParam().second();
  Store& store() { return engine_->store(); }

  Revision put(const std::string& key, const std::string& value) {
    Batch batch;
    batch.put(key, value);
    const auto revision = store().commit(batch);
    EXPECT_TRUE(revision) << revision.error().message;
    return revision.value_or(0);
  }
};

TEST_P(Conformance, KeepsWhatWasCommitted) {
  const Revision revision = put("a", std::string("x\0y", 3));
  engine_->reopen();
  const auto entry = store().get("a");
  ASSERT_TRUE(entry);
  EXPECT_EQ(*entry, (Entry{"a", std::string("x\0y", 3), revision}));
  EXPECT_FALSE(*store().get("b"));
}

TEST_P(Conformance, ListsAPrefixInOrder) {
  for (const char* key : {"p/b", "p/a", "p", "q", "p/\xff"}) put(key, key);
  engine_->reopen();
  const auto listing = store().list("p/");
  ASSERT_TRUE(listing);
  std::vector<std::string> keys;
  for (const Entry& entry : listing->entries) keys.push_back(entry.key);
  EXPECT_THAT(keys, ::testing::ElementsAre("p/a", "p/b", "p/\xff"));
  EXPECT_EQ(store().list("")->entries.size(), 5u);
}

TEST_P(Conformance, RefusesACommitWhoseExpectationDoesNotHold) {
  const Revision first = put("a", "1");
  put("a", "2");
  for (const auto& [key, revision] : std::vector<std::pair<std::string, Revision>>{{"a", first}, {"a", 0}, {"b", 1}}) {
    Batch batch;
    batch.expect(key, revision);
    batch.put("a", "lost");
    batch.put("c", "lost");
    const auto result = store().commit(batch);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().id, "CF1501");
    EXPECT_EQ(result.error().kind, ErrorKind::kConflict);
  }
  engine_->reopen();
  EXPECT_EQ((*store().get("a"))->value, "2");
  EXPECT_FALSE(*store().get("c"));
}

TEST_P(Conformance, ForgetsWhatWasRemovedAndTakesItAnew) {
  put("a", "1");
  Batch removal;
  removal.remove("a");
  removal.remove("never there");
  ASSERT_TRUE(store().commit(removal));
  EXPECT_FALSE(*store().get("a"));
  Batch anew;
  anew.expect("a", 0);
  anew.put("a", "2");
  EXPECT_TRUE(store().commit(anew));
  engine_->reopen();
  EXPECT_EQ((*store().get("a"))->value, "2");
}

TEST_P(Conformance, TellsTheLatestStateOfWhatChanged) {
  const Revision start = put("w/a", "1");
  put("w/b", "1");
  const Revision second = put("w/a", "2");
  put("other", "1");
  Batch removal;
  removal.remove("w/b");
  const auto last = store().commit(removal);
  ASSERT_TRUE(last);
  engine_->reopen();
  const auto changes = store().changes("w/", start);
  ASSERT_TRUE(changes);
  EXPECT_THAT(changes->changes, ::testing::ElementsAre(Change{"w/a", "2", second}, Change{"w/b", std::nullopt, *last}));
  EXPECT_EQ(changes->revision, *last);
  EXPECT_TRUE(store().changes("w/", *last)->changes.empty());
}

TEST_P(Conformance, RefusesBatchesThatAreTooLargeOrContradictThemselves) {
  Batch many;
  for (std::size_t i = 0; i <= Batch::kMaxOperations; ++i) many.put("k" + std::to_string(i), "");
  Batch large;
  large.put("k", std::string(Batch::kMaxOctets, 'x'));
  Batch twice;
  twice.put("k", "1");
  twice.remove("k");
  for (const Batch* batch : {&many, &large, &twice}) {
    const auto result = store().commit(*batch);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().id, "CF1502");
  }
  EXPECT_TRUE(store().list("")->entries.empty());
}

TEST_P(Conformance, GivesEachCommitALaterRevisionThanTheOneBefore) {
  const Revision first = put("a", "1");
  EXPECT_GT(first, 0u);
  const Revision second = put("b", "1");
  EXPECT_GT(second, first);
  Batch both;
  both.put("a", "2");
  both.remove("b");
  const auto third = store().commit(both);
  ASSERT_TRUE(third);
  EXPECT_GT(*third, second);
  EXPECT_EQ((*store().get("a"))->revision, *third);
  EXPECT_GE(store().list("")->revision, *third);
}

TEST_P(Conformance, ExpectsNothingOfWhatWasRemoved) {
  put("a", "1");
  Batch removal;
  removal.remove("a");
  const auto removed = store().commit(removal);
  ASSERT_TRUE(removed);
  Batch batch;
  batch.expect("a", *removed);
  batch.put("a", "lost");
  const auto result = store().commit(batch);
  ASSERT_FALSE(result) << "the removal's revision is no revision of the key";
  EXPECT_EQ(result.error().id, "CF1501");
}

TEST_P(Conformance, RemovingWhatIsNotThereIsNoChange) {
  const Revision start = put("a", "1");
  Batch removal;
  removal.remove("b");
  ASSERT_TRUE(store().commit(removal));
  EXPECT_TRUE(store().changes("", start)->changes.empty());
}

TEST_P(Conformance, CarriesTheLargestBatch) {
  Batch batch;
  for (std::size_t i = 0; i < Batch::kMaxOperations; ++i) batch.put("k" + std::to_string(i), std::string(8'000, 'v'));
  ASSERT_TRUE(store().commit(batch)) << "new";
  ASSERT_TRUE(store().commit(batch)) << "again";
  Batch removals;
  for (const auto& [key, value] : batch.puts) removals.remove(key);
  ASSERT_TRUE(store().commit(removals));
  EXPECT_TRUE(store().list("")->entries.empty());
  Batch expectations;
  for (std::size_t i = 0; i < Batch::kMaxOperations / 2; ++i) expectations.put("e" + std::to_string(i), "1");
  const auto written = store().commit(expectations);
  ASSERT_TRUE(written);
  for (const auto& [key, value] : expectations.puts) expectations.expect(key, *written);
  ASSERT_TRUE(store().commit(expectations));
  const auto again = store().commit(expectations);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().id, "CF1501");
  Batch only_looks;
  for (std::size_t i = 0; i < Batch::kMaxOperations; ++i) only_looks.expect("e" + std::to_string(i), 1);
  const auto looked = store().commit(only_looks);
  ASSERT_FALSE(looked);
  EXPECT_EQ(looked.error().id, "CF1501");
}

TEST_P(Conformance, WaitsForNothingWhereSomethingChangedAlready) {
  const Revision start = put("w/a", "1");
  const Revision last = put("w/b", "1");
  using std::chrono_literals::operator""ms;
  EXPECT_TRUE(*store().wait("w/", start, 10'000ms));
  EXPECT_TRUE(*store().wait("w/", 0, 10'000ms));
  EXPECT_FALSE(*store().wait("w/", last, 30ms));
  put("other", "1");
  EXPECT_FALSE(*store().wait("w/", last, 30ms));
  Batch removal;
  removal.remove("w/a");
  ASSERT_TRUE(store().commit(removal));
  EXPECT_TRUE(*store().wait("w/", last, 10'000ms));
  EXPECT_EQ(store().changes("w/", last)->changes.size(), 1u);
}

TEST_P(Conformance, IsWokenByTheCommitOfAnother) {
  using std::chrono_literals::operator""s;
  const Revision start = put("w/a", "1");
  const std::unique_ptr<Store> own = engine_->another();
  Store& other = own ? *own : store();
  std::jthread writer([&other] {
    Batch batch;
    batch.put("w/a", "2");
    EXPECT_TRUE(other.commit(batch));
  });
  EXPECT_TRUE(*store().wait("w/", start, 20s));
  writer.join();
  const auto changes = store().changes("w/", start);
  ASSERT_TRUE(changes);
  ASSERT_EQ(changes->changes.size(), 1u);
  EXPECT_EQ(changes->changes[0].value, "2");
}

TEST_P(Conformance, IsAMapWithRevisions) {
  EXPECT_TRUE(rc::check([&] {
    const auto engine = GetParam().second();
    std::map<std::string, std::string> model;
    const auto steps = *rc::gen::container<std::vector<std::pair<std::uint8_t, std::string>>>(
        rc::gen::pair(rc::gen::arbitrary<std::uint8_t>(), rc::gen::string<std::string>()));
    for (const auto& [choice, value] : steps) {
      const std::string key = "k" + std::to_string(choice % 5);
      Batch batch;
      if (choice < 64) {
        batch.remove(key);
        model.erase(key);
      } else {
        batch.put(key, value);
        model[key] = value;
      }
      RC_ASSERT(engine->store().commit(batch).has_value());
    }
    engine->reopen();
    std::map<std::string, std::string> found;
    const auto listing = engine->store().list("");
    RC_ASSERT(listing.has_value());
    for (const Entry& entry : listing->entries) found[entry.key] = entry.value;
    RC_ASSERT(found == model);
    RC_ASSERT(engine->store().verify().has_value());
  }));
}

}  // namespace certferry::store::testing
