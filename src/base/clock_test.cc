#include "base/clock.h"

#include <gtest/gtest.h>

namespace certferry {
namespace {

TEST(Rfc3339, ReadsOffsetsAndWritesUtc) {
  EXPECT_EQ(rfc3339(*from_rfc3339("2012-07-31T08:00:00+02:00")), "2012-07-31T06:00:00Z");
  EXPECT_EQ(rfc3339(*from_rfc3339("2012-07-31T08:00:00.25Z")), "2012-07-31T08:00:00Z");
  EXPECT_EQ(rfc3339(*from_rfc3339("9999-12-31T23:59:59Z")), "9999-12-31T23:59:59Z");
}

TEST(Rfc3339, RefusesWhatIsNotADate) {
  for (const char* text : {"", "2012-07-31", "2012-02-30T00:00:00Z", "2012-07-31T08:00:00", "2012-07-31T24:00:00Z",
                           "2012-07-31T08:00:00Zx", "2012-07-31T08:00:00+2:00"}) {
    EXPECT_FALSE(from_rfc3339(text)) << text;
  }
}

}  // namespace
}  // namespace certferry
