#include "store/audit.h"

#include <gtest/gtest.h>

#include "store/memory/memory_store.h"

namespace certferry::store {
namespace {

constexpr Time kTime = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23);

void append(Store& store, const std::string& command) {
  Batch batch;
  batch.put("what/" + command, "changed");
  ASSERT_TRUE(append_audit(store, batch, {0, kTime, "root (0)", command, {"stored " + command}, "", "done"}));
  ASSERT_TRUE(store.commit(batch));
}

class Audit : public ::testing::Test {
 protected:
  Audit() {
    for (const char* command : {"one", "two", "three", "four"}) append(store_, command);
  }
  void put(const std::string& key, const std::string& value) {
    Batch batch;
    batch.put(key, value);
    ASSERT_TRUE(store_.commit(batch));
  }
  std::string value(const std::string& key) { return (*store_.get(key))->value; }
  std::string verdict() {
    const auto result = verify_audit(store_);
    return result ? "whole: " + std::to_string(*result) : result.error().id + ": " + result.error().message;
  }
  MemoryStore store_;
};

constexpr const char* kSecond = "audit/00000000000000000002";
constexpr const char* kFourth = "audit/00000000000000000004";

TEST_F(Audit, IsWholeAsItWasWritten) {
  EXPECT_EQ(verdict(), "whole: 4");
  const auto records = audit_records(store_);
  ASSERT_TRUE(records);
  EXPECT_EQ(records->at(2).command, "three");
  EXPECT_EQ(records->at(2).number, 3u);
  EXPECT_EQ(records->at(2).outcome, "done");
}

TEST_F(Audit, NamesTheRecordThatWasAltered) {
  std::string text = value(kSecond);
  text.replace(text.find("two"), 3, "TWO");
  put(kSecond, text);
  EXPECT_EQ(verdict(), "CF1510: the audit is broken at record 2: it is not the one that record 3 follows");
}

TEST_F(Audit, NamesTheRecordThatIsMissing) {
  Batch batch;
  batch.remove(kSecond);
  ASSERT_TRUE(store_.commit(batch));
  EXPECT_EQ(verdict(), "CF1510: the audit is broken at record 2: it is missing");
}

TEST_F(Audit, NoticesThatTheEndWasCutOff) {
  Batch batch;
  batch.remove(kFourth);
  ASSERT_TRUE(store_.commit(batch));
  EXPECT_EQ(verdict(), "CF1510: the audit is broken at record 4: the head names 4 records");
}

TEST_F(Audit, NoticesThatTheLastRecordWasAltered) {
  std::string text = value(kFourth);
  text.replace(text.find("four"), 4, "FOUR");
  put(kFourth, text);
  EXPECT_EQ(verdict(), "CF1510: the audit is broken at record 4: it is not the one that was written last");
}

TEST_F(Audit, LetsOneOfTwoCommandsAtOnceThrough) {
  Batch first;
  Batch second;
  ASSERT_TRUE(append_audit(store_, first, {0, kTime, "a", "first", {}, "", "done"}));
  ASSERT_TRUE(append_audit(store_, second, {0, kTime, "b", "second", {}, "", "rolled back"}));
  EXPECT_TRUE(store_.commit(first));
  const auto result = store_.commit(second);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().id, "CF1501");
  EXPECT_EQ(verdict(), "whole: 5");
}

}  // namespace
}  // namespace certferry::store
