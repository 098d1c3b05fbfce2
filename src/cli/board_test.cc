#include "cli/board.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace certferry::cli {
namespace {

using commands::Part;
using testing::ElementsAre;

TEST(Board, HasABarForEachPool) {
  EXPECT_THAT(board_lines({}, {{"web.example.com", 5, 10}, {"mx", 2, 2}}, 60, 20),
              ElementsAre("web.example.com  [################................]  5 of 10",
                          "mx               [#################################]  2 of 2"));
}

TEST(Board, TellsFirstWhatWentWrong) {
  EXPECT_THAT(
      board_lines({"web01: failed: nginx -t", "web02: rolled back"}, {{"web", 1, 3}}, 40, 20),
      ElementsAre("! web01: failed: nginx -t", "! web02: rolled back", "web  [########.................]  1 of 3"));
}

TEST(Board, KeepsToTheHeightOfTheTerminal) {
  const std::vector<std::string> failed(9, "web: failed");
  std::vector<Part> pools;
  for (std::size_t i = 0; i < 9; ++i) pools.push_back({"pool" + std::to_string(i), i == 0 ? 10u : i, 10});
  const std::vector<std::string> lines = board_lines(failed, pools, 40, 8);
  ASSERT_EQ(lines.size(), 8u);
  EXPECT_EQ(lines[3], "! ... and 6 more");
  EXPECT_EQ(lines[4].substr(0, 8), "pool1   ") << "those that are not done come first";
  EXPECT_EQ(lines[7], "6 others  [############......]  40 of 60");
}

TEST(Board, LetsNobodyWriteOnTheTerminal) {
  EXPECT_THAT(board_lines({"a\x1b[2Jb"}, {}, 80, 20), ElementsAre("! a\\u{1b}[2Jb"));
}

}  // namespace
}  // namespace certferry::cli
