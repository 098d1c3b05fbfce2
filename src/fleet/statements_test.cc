#include "fleet/statements.h"

#include <gtest/gtest.h>

namespace certferry::fleet {
namespace {

constexpr Time kTime = std::chrono::sys_days(std::chrono::year(2030) / 7 / 1);
const StatementHead kHead{std::string(64, 'f'), 12, kTime};
const Computer kComputer{"web01.example", "Redmond", "web.example", {{"Default"}}, {"www.example"}};

template <typename Statement>
void round_trips(const Statement& statement) {
  const auto read = statement_from_json<Statement>(to_json(statement));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, statement);
}

TEST(Statements, RoundTrip) {
  Delegation delegation{
      kHead, "ada", {1, 2}, {"Import-CsCertificate"}, {{"Default"}}, {Scope::global(), Scope::site("A b")}, kTime};
  round_trips(delegation);
  delegation.types.reset();
  delegation.not_after.reset();
  round_trips(delegation);
  round_trips(Membership{kHead.fleet, {1, 2, 3}, kComputer, {"relay.example.com:7443"}});
  round_trips(Heartbeat{kHead});
  round_trips(Enrolment{kHead, kComputer, {3}, kTime});
  using enum Member::State;
  for (const Member::State state : {kActive, kLost, kRemoved, kQuarantined})
    round_trips(Member{kHead, kComputer, {4}, {5, 6}, "boot", state});
  const Slot slot{{std::string(64, 'a'), kTime, kTime}, 3, kTime, kTime};
  Manifest manifest{kHead,     Scope::pool("web.example"),
                    "Default", "Set-CsCertificate",
                    {},        {{std::string(64, 'a'), {{7}, {8, 9}}, true}}};
  round_trips(manifest);
  manifest.assignment = Assignment{manifest.scope, "Default", 4, slot, Next{slot, true, kTime, {}}, slot, kTime};
  round_trips(manifest);
  Status status{kHead, "web01.example", "boot", {}};
  using State = ReportedUse::State;
  for (const State state :
       {State::kReceived, State::kStaged, State::kActive, State::kVerified, State::kFailed, State::kRolledBack})
    status.uses.push_back({"Default", Scope::global(), 3, "aa", state, "why"});
  round_trips(status);
}

TEST(Statements, AreRefusedWithUnknownOrWrongFields) {
  const std::string good = to_json(Enrolment{kHead, kComputer, {3}, kTime});
  struct Case {
    std::string_view from, to, message;
  };
  for (const Case& one :
       {Case{R"("counter":12)", R"("counter":-1)", "an enrolment has a field 'counter' that is not a count"},
        Case{R"("counter":12)", R"("counter":12,"more":1)", "an enrolment has an unknown field 'more'"},
        Case{R"("counter":12,)", "", "an enrolment has no field 'counter'"},
        Case{R"("key":"Aw==")", R"("key":"Aw=")", "an enrolment has a field 'key' that is not Base64"},
        Case{R"("site":"Redmond")", R"("site":1)",
             "field 'computer' of an enrolment has a field 'site' that is not a string"},
        Case{R"("schema":1)", R"("schema":2)", "an enrolment has schema 2, this certferry knows 1"}}) {
    std::string changed = good;
    const std::size_t at = changed.find(one.from);
    ASSERT_NE(at, std::string::npos) << one.from << " in " << good;
    changed.replace(at, one.from.size(), one.to);
    const auto read = statement_from_json<Enrolment>(changed);
    ASSERT_FALSE(read) << changed;
    EXPECT_EQ(read.error().message, one.message);
  }
}

TEST(Statements, SucceedEachOtherByTheirCounters) {
  StatementHead older = kHead, newer = kHead;
  newer.counter = 13;
  EXPECT_EQ(succession(older, "a", newer, "a"), Succession::kNewer);
  EXPECT_EQ(succession(newer, "a", older, "b"), Succession::kReplay);
  EXPECT_EQ(succession(older, "a", older, "a"), Succession::kSame);
  EXPECT_EQ(succession(older, "a", older, "b"), Succession::kForked);
}

}  // namespace
}  // namespace certferry::fleet
