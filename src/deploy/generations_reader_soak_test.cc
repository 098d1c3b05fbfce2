#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deploy/testing/flip_reader.h"

namespace certferry::deploy {
namespace {

TEST(GenerationsReaderSoak, GetsAPairAtEachOfAMillionOpens) {
  const testing::FlipReading reading = testing::read_during_flips(1'000'000);
  EXPECT_THAT(reading.wrong, ::testing::IsEmpty());
  EXPECT_EQ(reading.opens, 1'000'000u);
  EXPECT_GT(reading.changes, 1'000u);
  RecordProperty("soak", std::to_string(reading.opens) + " opens of certificate and key, " +
                             std::to_string(reading.flips) + " flips, " + std::to_string(reading.removed) +
                             " generations removed");
}

}  // namespace
}  // namespace certferry::deploy
