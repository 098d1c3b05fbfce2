#include "commands/awaited.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace certferry::commands {
namespace {

using fleet::ReportedUse;
using State = fleet::ReportedUse::State;
using testing::ElementsAre;

const Time kNow{std::chrono::seconds(1'800'000'000)};
const std::string kType = "WebServicesExternal", kOther = "Default";

fleet::Slot slot(const std::string& sha256, std::uint64_t generation) {
  fleet::Slot made;
  made.certificate.sha256 = sha256;
  made.certificate.not_before = kNow - std::chrono::hours(1);
  made.certificate.not_after = kNow + std::chrono::hours(1);
  made.generation = generation;
  made.effective = kNow - std::chrono::minutes(1);
  return made;
}

fleet::Assignment assignment(const std::string& scope, const std::string& type, const std::string& sha256) {
  fleet::Assignment made;
  made.scope = *fleet::Scope::parse(scope);
  made.type = type;
  made.generation = 2;
  made.current = slot(sha256, 2);
  return made;
}

fleet::Computer computer(const std::string& fqdn, const std::string& pool) {
  fleet::Computer made;
  made.fqdn = fqdn;
  made.pool = pool;
  return made;
}

fleet::Status status(const std::string& fqdn, std::vector<ReportedUse> uses) {
  fleet::Status made;
  made.head.issued = kNow;
  made.fqdn = fqdn;
  made.uses = std::move(uses);
  return made;
}

ReportedUse use(State state, const std::string& sha256 = "new", std::uint64_t generation = 2,
                const std::string& type = kType) {
  return {type, *fleet::Scope::parse("global"), generation, sha256, state, state == State::kFailed ? "nginx -t" : ""};
}

const std::vector<fleet::Computer> kComputers = {computer("a.example.com", "web"), computer("b.example.com", "web"),
                                                 computer("c.example.com", "")};

TEST(Awaited, EachComputerHasToSayIt) {
  const std::vector assignments = {assignment("global", kType, "new")};
  Awaited awaited(assignments, {0}, kComputers, kNow);
  EXPECT_EQ(awaited.total(), 3u);
  EXPECT_TRUE(awaited.heard(status("a.example.com", {use(State::kVerified)})));
  EXPECT_TRUE(awaited.heard(status("b.example.com", {use(State::kReceived)})));
  EXPECT_FALSE(awaited.heard(status("stranger.example.com", {use(State::kVerified)})));
  EXPECT_FALSE(awaited.settled());
  EXPECT_THAT(awaited.parts(), ElementsAre(Part{"no pool", 0, 1}, Part{"web", 1, 2}));
  std::vector<std::string> words;
  for (const Awaited::Computer& one : awaited.exceptions()) words.push_back(one.fqdn + " " + in_words(one));
  EXPECT_THAT(words,
              ElementsAre("c.example.com never answered", "b.example.com has received it, and does not serve it yet"));
  awaited.heard(status("b.example.com", {use(State::kActive)}));
  awaited.heard(status("c.example.com", {use(State::kFailed)}));
  EXPECT_TRUE(awaited.settled());
  EXPECT_EQ(awaited.exceptions().front().reason, kType + " failed: nginx -t");
}

struct Case {
  const char* what;
  ReportedUse said;
  Awaited::State state;
};
class Said : public testing::TestWithParam<Case> {};
TEST_P(Said, IsWhatItIsWorth) {
  const std::vector assignments = {assignment("global", kType, "new")};
  const std::vector one = {kComputers.front()};
  Awaited awaited(assignments, {0}, one, kNow);
  awaited.heard(status("a.example.com", {GetParam().said}));
  EXPECT_EQ(awaited.count(GetParam().state), 1u);
}
INSTANTIATE_TEST_SUITE_P(
    Table, Said,
    testing::Values(Case{"it", use(State::kVerified), Awaited::State::kDone},
                    Case{"the old one", use(State::kVerified, "old"), Awaited::State::kNotHeard},
                    Case{"the same of an earlier time", use(State::kVerified, "new", 1), Awaited::State::kNotHeard},
                    Case{"another use", use(State::kVerified, "new", 2, kOther), Awaited::State::kNotHeard},
                    Case{"too early", use(State::kStaged), Awaited::State::kReceived},
                    Case{"taken back", use(State::kRolledBack), Awaited::State::kFailed}),
    [](const auto& tested) {
      std::string name = tested.param.what;
      std::ranges::replace(name, ' ', '_');
      return name;
    });

TEST(Awaited, WhoeverHasItAndFellSilentIsNamed) {
  const std::vector assignments = {assignment("global", kType, "new")};
  Awaited awaited(assignments, {0}, kComputers, kNow);
  awaited.heard(status("a.example.com", {use(State::kVerified)}));
  awaited.heard(status("b.example.com", {use(State::kReceived)}));
  EXPECT_TRUE(awaited.silent(kNow).empty());
  const std::vector<Awaited::Computer> silent = awaited.silent(kNow + std::chrono::seconds(1));
  ASSERT_EQ(silent.size(), 1u);
  EXPECT_EQ(silent[0].fqdn + " " + silence_in_words(silent[0]), "a.example.com not answered since " + rfc3339(kNow));
}

TEST(Awaited, WhoeverHasItsOwnIsNotWaitedFor) {
  const std::vector assignments = {assignment("global", kType, "new"),
                                   assignment("computer:a.example.com", kType, "own")};
  EXPECT_EQ(Awaited(assignments, {0}, kComputers, kNow).total(), 2u);
  EXPECT_EQ(Awaited(assignments, {1}, kComputers, kNow).total(), 1u);
}

TEST(Awaited, WithADateToComeItIsEnoughThatItIsStaged) {
  std::vector assignments = {assignment("global", kType, "old")};
  assignments[0].next = fleet::Next{slot("new", 3), true, {}, std::chrono::seconds(0)};
  assignments[0].next->slot.effective = kNow + std::chrono::minutes(10);
  const std::vector one = {kComputers.front()};
  Awaited awaited(assignments, {0}, one, kNow);
  awaited.heard(status("a.example.com", {use(State::kVerified, "old")}));
  EXPECT_FALSE(awaited.settled());
  awaited.heard(status("a.example.com", {use(State::kVerified, "old"), use(State::kStaged, "new", 3)}));
  EXPECT_EQ(awaited.count(Awaited::State::kDone), 1u);
}

}  // namespace
}  // namespace certferry::commands
