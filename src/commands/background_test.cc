#include "commands/background.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <latch>
#include <vector>

namespace certferry::commands {
namespace {

TEST(Background, DoesEverythingInOrder) {
  Background background;
  std::vector<int> done;
  for (int i = 0; i < 1000; ++i) background.give([&done, i] { done.push_back(i); });
  background.wait();
  ASSERT_EQ(done.size(), 1000u);
  EXPECT_TRUE(std::ranges::is_sorted(done));
}

TEST(Background, DoesNotKeepWhoGivesWaiting) {
  std::latch held(1);
  Background background;
  bool done = false;
  background.give([&] { held.wait(); });
  background.give([&] { done = true; });
  EXPECT_FALSE(done);
  held.count_down();
  background.wait();
  EXPECT_TRUE(done);
}

TEST(Background, EndsItsThreadOnlyWhenEverythingIsDone) {
  Background background;
  int done = 0;
  for (int round = 1; round <= 3; ++round) {
    for (int i = 0; i < 10; ++i) background.give([&] { ++done; });
    background.stop();
    EXPECT_EQ(done, 10 * round);
  }
}

TEST(Background, HasNothingToWaitForAtFirst) {
  Background background;
  background.wait();
  background.stop();
}

}  // namespace
}  // namespace certferry::commands
