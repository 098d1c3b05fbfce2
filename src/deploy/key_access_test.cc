#include "deploy/key_access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace certferry::deploy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ChooseAccess, IsTheOwnersAloneUnlessExportable) {
  EXPECT_EQ(choose_access(false, {"daemon"}).access, KeyAccess{});
  EXPECT_THAT(choose_access(false, {"daemon"}).findings, IsEmpty());
}

TEST(ChooseAccess, TakesTheNamedAccountsOnceAndSorted) {
  const ChosenAccess chosen = choose_access(true, {"nobody", "daemon", "nobody"});
  EXPECT_EQ(chosen.access, (KeyAccess{.mode = 0600, .group = std::nullopt, .readers = {1, 65534}}));
  EXPECT_THAT(chosen.findings, IsEmpty());
}

TEST(ChooseAccess, WarnsOfAnAccountThatIsNotThere) {
  const ChosenAccess chosen = choose_access(true, {"daemon", "no-such-account"});
  EXPECT_THAT(chosen.access.readers, ElementsAre(1u));
  ASSERT_EQ(chosen.findings.size(), 1u);
  EXPECT_EQ(chosen.findings[0].id, "CF1611");
  EXPECT_EQ(chosen.findings[0].severity, Severity::kWarning);
  EXPECT_EQ(chosen.findings[0].message,
            "there is no account \"no-such-account\", so that it cannot be allowed to read the private key");
}

TEST(ChooseAccess, TakesTheGroupOrWarnsWithoutAccounts) {
  const ChosenAccess chosen = choose_access(true);
  if (chosen.access.group) {
    EXPECT_EQ(chosen.access.mode, 0640u);
    EXPECT_THAT(chosen.findings, IsEmpty());
  } else {
    EXPECT_EQ(chosen.access, KeyAccess{});
    ASSERT_EQ(chosen.findings.size(), 1u);
    EXPECT_EQ(chosen.findings[0].id, "CF1610");
  }
}

}  // namespace
}  // namespace certferry::deploy
