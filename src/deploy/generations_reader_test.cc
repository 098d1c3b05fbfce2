#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deploy/testing/flip_reader.h"

namespace certferry::deploy {
namespace {

TEST(GenerationsReader, GetsAPairAtEachOpenWhileTheyAreFlipped) {
  const testing::FlipReading reading = testing::read_during_flips(100'000);
  EXPECT_THAT(reading.wrong, ::testing::IsEmpty());
  EXPECT_EQ(reading.opens, 100'000u);
  EXPECT_GT(reading.changes, 10u);
  EXPECT_GT(reading.removed, 0u);
}

}  // namespace
}  // namespace certferry::deploy
