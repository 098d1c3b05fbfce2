#include "agent/wakeups.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>

namespace certferry::agent {
namespace {

class Waking : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(::mkdtemp(folder_.data()), nullptr);
    auto made = Wakeups::make(folder_);
    ASSERT_TRUE(made) << made.error().message;
    wakeups_.emplace(std::move(*made));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name) const { std::ofstream(folder_ + "/" + name) << "x"; }
  [[nodiscard]] Time now() const { return SystemClock().now(); }

  std::string folder_ = (std::filesystem::temp_directory_path() / "certferry-wakeups-XXXXXX").string();
  std::optional<Wakeups> wakeups_;
};

TEST_F(Waking, ADateThatHasPassedReturnsAtOnce) {
  EXPECT_EQ(*wakeups_->wait(now() - std::chrono::hours(1)), Wakeups::Reason::kDate);
  EXPECT_EQ(*wakeups_->wait(Time{}), Wakeups::Reason::kDate);
}

TEST_F(Waking, TheDateIsNotWokenBefore) {
  const Time date = now() + std::chrono::seconds(2);
  EXPECT_EQ(*wakeups_->wait(date), Wakeups::Reason::kDate);
  EXPECT_GE(now(), date);
}

TEST_F(Waking, WhatWasWrittenBeforeTheSleepIsNotLost) {
  write("certferry.db-wal");
  EXPECT_EQ(*wakeups_->wait(std::nullopt), Wakeups::Reason::kStore);
}

TEST_F(Waking, OnlyTheStoreAndTheConfigurationWake) {
  write("certferry.db-shm");
  write("lock");
  EXPECT_EQ(*wakeups_->wait(now() + std::chrono::seconds(1)), Wakeups::Reason::kDate);
  write("certferry.toml");
  EXPECT_EQ(*wakeups_->wait(now() + std::chrono::seconds(60)), Wakeups::Reason::kStore);
}

TEST_F(Waking, SignalsAreReasons) {
  ASSERT_EQ(::raise(SIGHUP), 0);
  EXPECT_EQ(*wakeups_->wait(std::nullopt), Wakeups::Reason::kReload);
  ASSERT_EQ(::raise(SIGTERM), 0);
  EXPECT_EQ(*wakeups_->wait(std::nullopt), Wakeups::Reason::kStop);
}

TEST(Wakeups, NeedAFolder) {
  const auto made = Wakeups::make("/nonexistent/home");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().id, "CF2101");
}

}  // namespace
}  // namespace certferry::agent
