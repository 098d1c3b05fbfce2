#include "fleet/role.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace certferry::fleet {
namespace {

TEST(Roles, AreFoundInAnyCase) {
  ASSERT_TRUE(find_standard_role("csadministrator"));
  EXPECT_EQ(find_standard_role("csadministrator")->name, "CsAdministrator");
  EXPECT_FALSE(find_standard_role("CsAdmin"));
}

TEST(Roles, OfTheHelpDeskChangeNothing) {
  for (const char* name : {"CsViewOnlyAdministrator", "CsHelpDesk"})
    EXPECT_THAT(find_standard_role(name)->cmdlets, ::testing::Each(::testing::StartsWith("Get-"))) << name;
}

TEST(Wildcards, MatchAsInPowerShell) {
  struct Case {
    std::string_view pattern, name;
    bool matches;
  };
  for (const Case& one :
       {Case{"*", "", true}, Case{"", "", true}, Case{"", "a", false}, Case{"Cs*", "csHelpDesk", true},
        Case{"*desk", "CsHelpDesk", true}, Case{"*View*", "CsViewOnlyAdministrator", true},
        Case{"Cs?elpDesk", "CsHelpDesk", true}, Case{"Cs?HelpDesk", "CsHelpDesk", false},
        Case{"*a*a*a*b", "aaaaaaaaaaaaaaaaaaaa", false}, Case{"CsHelp", "CsHelpDesk", false},
        Case{"CsHelpDesk**", "CsHelpDesk", true}, Case{"*k", "CsHelpDes", false}}) {
    EXPECT_EQ(matches_wildcard(one.pattern, one.name), one.matches) << one.pattern << " " << one.name;
  }
}

}  // namespace
}  // namespace certferry::fleet
