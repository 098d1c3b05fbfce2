#include "base/suggest.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

namespace certferry {
namespace {

TEST(EditDistance, CountsInsertionsDeletionsChangesAndSwaps) {
  struct Case {
    const char* a;
    const char* b;
    std::size_t distance;
  };
  for (const Case& c : {Case{"", "", 0}, Case{"", "abc", 3}, Case{"site", "site", 0}, Case{"site", "SITE", 0},
                        Case{"iste", "site", 1}, Case{"sit", "site", 1}, Case{"sites", "site", 1},
                        Case{"sate", "site", 1}, Case{"kitten", "sitting", 3}, Case{"ca", "abc", 3}}) {
    EXPECT_EQ(edit_distance(c.a, c.b), c.distance) << c.a << " " << c.b;
  }
}

TEST(EditDistance, IsSymmetricAndAtMostTheLongerLength) {
  EXPECT_TRUE(rc::check([](const std::string& a, const std::string& b) {
    RC_ASSERT(edit_distance(a, b) == edit_distance(b, a));
    RC_ASSERT(edit_distance(a, b) <= std::max(a.size(), b.size()));
    RC_ASSERT(edit_distance(a, a) == 0U);
  }));
}

TEST(DidYouMean, NamesTheNearestOrNothing) {
  const std::vector<std::string> kNames = {"WebServicesExternal", "WebServicesInternal", "Default", "site", "pool"};
  EXPECT_EQ(did_you_mean("webservicesexternl", kNames), "WebServicesExternal");
  EXPECT_EQ(did_you_mean("WebServicesIntrenal", kNames), "WebServicesInternal");
  EXPECT_EQ(did_you_mean("Defualt", kNames), "Default");
  EXPECT_EQ(did_you_mean("Web", kNames), "WebServicesExternal");
  EXPECT_EQ(did_you_mean("colour", kNames), std::nullopt);
  EXPECT_EQ(did_you_mean("", kNames), std::nullopt);
  EXPECT_EQ(suggestion("stie", kNames, "known: …"), "did you mean 'site'?");
  EXPECT_EQ(suggestion("colour", kNames, "known: …"), "known: …");
}

}  // namespace
}  // namespace certferry
