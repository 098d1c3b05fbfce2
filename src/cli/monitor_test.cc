#include "cli/monitor.h"

#include <gtest/gtest.h>

namespace certferry::cli {
namespace {

std::string use(const std::string& name, double left, bool right, const std::string& next = "null") {
  return R"({"use":")" + name + R"(","not_after":"2026-12-01T00:00:00Z","life_left":)" +
         std::to_string(left).substr(0, 4) + R"(,"next":)" + next + R"(,"served":[{"right":)" +
         (right ? "true" : "false") + "}]}";
}

std::string status(const std::string& uses, const std::string& more = "") {
  return R"({"uses":[)" + uses + R"(],"findings":[])" + more + "}";
}

struct Case {
  std::string json;
  int code;
  std::string line;
};

class Monitor : public ::testing::TestWithParam<Case> {};

TEST_P(Monitor, SaysItInOneLine) {
  commands::Outcome outcome;
  outcome.json = GetParam().json;
  const Monitored told = monitored(outcome);
  EXPECT_EQ(told.code, GetParam().code);
  EXPECT_EQ(told.line, GetParam().line);
}

INSTANTIATE_TEST_SUITE_P(
    Answers, Monitor,
    ::testing::Values(
        Case{status(""), 3, "CERTFERRY UNKNOWN - nothing is assigned"},
        Case{status(use("Default", 0.43, true)), 0,
             "CERTFERRY OK - everything is served as it is assigned | 'Default'=0.43;0.2:;0.05:;0;1"},
        Case{status(use("Default", 0.19, true)), 1,
             "CERTFERRY WARNING - Default ends at 2026-12-01T00:00:00Z | 'Default'=0.19;0.2:;0.05:;0;1"},
        Case{status(use("Default", 0.04, true, R"("2026-11-30T00:00:00Z")")), 0,
             "CERTFERRY OK - everything is served as it is assigned | 'Default'=0.04;0.2:;0.05:;0;1"},
        Case{status(use("Default", 0.04, true)), 2,
             "CERTFERRY CRITICAL - Default ends at 2026-12-01T00:00:00Z | 'Default'=0.04;0.2:;0.05:;0;1"},
        Case{status(use("Default", 0, true)), 2,
             "CERTFERRY CRITICAL - Default ended at 2026-12-01T00:00:00Z | 'Default'=0;0.2:;0.05:;0;1"},
        Case{
            status(use("A", 0.1, true) + "," + use("It's|=", 0.5, false)), 2,
            "CERTFERRY CRITICAL - 1 connection does not serve the certificate of It's/=; A ends at 2026-12-01T00:00:00Z | "
            "'A'=0.1;0.2:;0.05:;0;1 'Its'=0.5;0.2:;0.05:;0;1"},
        Case{
            status("",
                   R"(,"fleet":{"computers":6,"done":1,"failed":[],"silent":[],"behind":[{"fqdn":"a"},{"fqdn":"b"},)"
                   R"({"fqdn":"c"},{"fqdn":"d"},{"fqdn":"e"}]})"),
            1,
            "CERTFERRY WARNING - a has not taken over what it shall use; b has not taken over what it shall use; c has "
            "not taken over what it shall use; and 2 more | 'failed'=0 'behind'=5 "
            "'silent'=0 'computers'=6 'done'=1"},
        Case{
            status("",
                   R"(,"fleet":{"computers":2,"done":0,"failed":[{"fqdn":"a"}],"silent":[{"fqdn":"b"}],"behind":[]})"),
            2,
            "CERTFERRY CRITICAL - a failed; b does not answer | 'failed'=1 'behind'=0 'silent'=1 'computers'=2 'done'=0"},
        Case{"no JSON", 3, "CERTFERRY UNKNOWN - no answer"}));

}  // namespace
}  // namespace certferry::cli
