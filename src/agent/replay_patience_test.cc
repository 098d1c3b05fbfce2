#include "agent/replay_patience.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace certferry::agent {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

const Time kNow{seconds(1'800'000'000)};
const Finding kReplay{"CF2217", Severity::kFatal, "an older statement (2 after 3) is played again", "", "certferry"};
const Finding kOtherReplay{"CF2217", Severity::kFatal, "an older statement (1 after 3) is played again", "",
                           "certferry"};
const Finding kForged{"CF2203", Severity::kFatal, "the signature is not that of its key", "", "certferry"};

TEST(ReplayPatience, ToldIsAtOnceWhatIsNoReplay) {
  ReplayPatience patience;
  EXPECT_THAT(patience.to_tell({kReplay, kForged}, kNow), ElementsAre(kForged));
}

TEST(ReplayPatience, ARelayThatCatchesUpIsNoAlarm) {
  ReplayPatience patience;
  EXPECT_THAT(patience.to_tell({kReplay}, kNow), IsEmpty());
  EXPECT_EQ(patience.due(), kNow + ReplayPatience::kPatience);
  EXPECT_THAT(patience.to_tell({}, kNow + seconds(3)), IsEmpty());
  EXPECT_EQ(patience.due(), std::nullopt);
  EXPECT_THAT(patience.overdue(kNow + seconds(100)), IsEmpty());
}

TEST(ReplayPatience, OneThatStaysIsTheAlarmThatItWas) {
  ReplayPatience patience;
  EXPECT_THAT(patience.to_tell({kReplay}, kNow), IsEmpty());
  // Something else that comes meanwhile does not put it off.
  EXPECT_THAT(patience.to_tell({kReplay}, kNow + seconds(30)), IsEmpty());
  EXPECT_THAT(patience.overdue(kNow + seconds(59)), IsEmpty());
  EXPECT_THAT(patience.overdue(kNow + seconds(60)), ElementsAre(kReplay));
  EXPECT_THAT(patience.overdue(kNow + seconds(61)), IsEmpty()) << "once";
  EXPECT_THAT(patience.to_tell({kReplay}, kNow + seconds(62)), IsEmpty()) << "it is told already";
  EXPECT_THAT(patience.to_tell({kOtherReplay}, kNow + seconds(63)), ElementsAre(kOtherReplay));
}

}  // namespace
}  // namespace certferry::agent
