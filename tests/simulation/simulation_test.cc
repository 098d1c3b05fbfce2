#include <gtest/gtest.h>

#include "simulation/course_in_folder.h"

namespace certferry::simulation {
namespace {

class Fleet : public ::testing::TestWithParam<std::uint64_t> {};

// Never a mix, a stranger, another computer's, or an older generation; in the end everybody has what it shall have.
TEST_P(Fleet, HoldsAndConverges) {
  const Course course = run_in_folder({.seed = GetParam(), .computers = 50, .steps = 600});
  EXPECT_FALSE(course.violation) << *course.violation << "\nreplay: fleet_simulation --seed " << GetParam()
                                 << " --tell";
  // Nothing is proved by a fleet to which nothing happens.
  EXPECT_GT(course.crashes, 20u);
  EXPECT_GT(course.refused, 20u);
  EXPECT_GT(course.imports, 10u);
}

// The last two found something once: a removed key that came back with a power cut, one that was dropped by half and wanted again.
INSTANTIATE_TEST_SUITE_P(Seeds, Fleet, ::testing::Values(1, 2, 154, 207));

}  // namespace
}  // namespace certferry::simulation
