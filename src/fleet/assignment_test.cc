#include "fleet/assignment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "fleet/json.h"

namespace certferry::fleet {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::ElementsAre;

constexpr Time kDay0 = std::chrono::sys_days(std::chrono::year(2030) / 7 / 1);
Time day(int n) { return kDay0 + hours(24 * n); }

CertificateRef certificate(char name, int from = 0, int to = 90) { return {std::string(64, name), day(from), day(to)}; }

Assignment empty_assignment() { return {Scope::global(), "Default", 0, {}, {}, {}, {}}; }
Assignment with_current(char name) { return assign_now(empty_assignment(), certificate(name), day(1))->after; }

std::string told(const std::vector<Event>& events) {
  std::string text;
  for (const Event& event : events) {
    text += std::string(1, event.sha256[0]) + " " + std::string(name_of(event.kind)) + " " + rfc3339(event.at) + "\n";
  }
  return text;
}

TEST(AssignNow, IsAHardCut) {
  Result<Transition> result = assign_now(with_current('a'), certificate('b'), day(2));
  ASSERT_TRUE(result);
  EXPECT_EQ(told(result->events), "b primary 2030-07-03T00:00:00Z\na retired 2030-07-03T00:00:00Z\n");
  EXPECT_EQ(result->after.current->certificate, certificate('b'));
  EXPECT_EQ(result->after.previous, std::nullopt);
  EXPECT_EQ(result->after.generation, 2U);
}

TEST(AssignNow, TwiceChangesNothing) {
  Assignment before = with_current('a');
  Result<Transition> result = assign_now(before, certificate('a'), day(2));
  EXPECT_FALSE(result->changed());
  EXPECT_EQ(result->after, before);
}

TEST(AssignNow, BringsThePreviousOneBack) {
  Assignment rolled = roll(with_current('a'), certificate('b'), day(2), day(2), {})->after;
  EXPECT_EQ(stage_of(rolled, certificate('a').sha256), Stage::kPrevious);
  Result<Transition> back = assign_now(rolled, certificate('a'), day(3));
  EXPECT_EQ(told(back->events), "a primary 2030-07-04T00:00:00Z\nb retired 2030-07-04T00:00:00Z\n");
  EXPECT_EQ(back->after.previous, std::nullopt);
  EXPECT_EQ(back->after.current->generation, 3U);
}

TEST(AssignNow, UsesAStagedOneAtOnceUnderItsGeneration) {
  Assignment staged = roll(with_current('a'), certificate('b'), day(5), day(2), {})->after;
  Result<Transition> result = assign_now(staged, certificate('b'), day(3));
  EXPECT_EQ(result->after.next, std::nullopt);
  EXPECT_EQ(result->after.current->generation, 2U);
  EXPECT_EQ(result->after.current->effective, day(3));
}

TEST(AssignAt, AFutureDateWaitsAndThenCutsHard) {
  Transition staged = assign_at(with_current('a'), certificate('b'), day(5), day(2)).value();
  EXPECT_EQ(told(staged.events), "b staged 2030-07-03T00:00:00Z\n");
  EXPECT_FALSE(advance(staged.after, hours(8), day(5) - seconds(1)).changed());
  Transition due = advance(staged.after, hours(8), day(7));
  EXPECT_EQ(told(due.events), "b primary 2030-07-06T00:00:00Z\na retired 2030-07-06T00:00:00Z\n");
  EXPECT_EQ(due.after.previous, std::nullopt);
}

TEST(AssignAt, TakesThePlaceOfAnotherStagedOne) {
  Assignment staged = assign_at(with_current('a'), certificate('b'), day(5), day(2))->after;
  Transition other = assign_at(staged, certificate('c'), day(6), day(3)).value();
  EXPECT_EQ(told(other.events), "b withdrawn 2030-07-04T00:00:00Z\nc staged 2030-07-04T00:00:00Z\n");
  Transition moved = assign_at(other.after, certificate('c'), day(7), day(4)).value();
  EXPECT_EQ(told(moved.events), "c staged 2030-07-05T00:00:00Z\n");
  EXPECT_EQ(moved.after.next->slot.generation, other.after.next->slot.generation);
  EXPECT_FALSE(assign_at(moved.after, certificate('c'), day(7), day(5))->changed());
}

TEST(Roll, GoesThroughAllStages) {
  Assignment at = with_current('a');
  at = roll(at, certificate('b'), day(5), day(2), {.lead = hours(24)})->after;
  EXPECT_EQ(stage_of(at, certificate('b').sha256), Stage::kStaged);
  at = publish(at, day(3))->after;
  EXPECT_EQ(stage_of(at, certificate('b').sha256), Stage::kPublished);
  EXPECT_FALSE(publish(at, day(4))->changed());
  EXPECT_EQ(next_change(at, hours(8)), day(5));
  at = advance(at, hours(8), day(5)).after;
  EXPECT_EQ(stage_of(at, certificate('b').sha256), Stage::kPrimary);
  EXPECT_EQ(stage_of(at, certificate('a').sha256), Stage::kPrevious);
  EXPECT_EQ(next_change(at, hours(8)), day(5) + hours(8));
  EXPECT_EQ(next_change(at, std::nullopt), day(90) + seconds(1));
  at = advance(at, hours(8), day(5) + hours(8)).after;
  EXPECT_EQ(stage_of(at, certificate('a').sha256), Stage::kRetired);
  EXPECT_EQ(next_change(at, hours(8)), std::nullopt);
}

TEST(Roll, WaitsUntilTheKeyHasBeenPublishedForTheLead) {
  Assignment at = roll(with_current('a'), certificate('b', 0, 200), day(5), day(2), {.lead = hours(48)})->after;
  EXPECT_EQ(due(at), day(90) + seconds(1)) << "nobody knows the key";
  EXPECT_FALSE(advance(at, hours(8), day(6)).changed());
  Computer computer{"a.example", "", "", std::nullopt, {}};
  EXPECT_EQ(resolve({&at, 1}, computer, "Default", day(6))->slot.certificate, certificate('a'));
  at = publish(at, day(4))->after;
  EXPECT_EQ(due(at), day(6));
  EXPECT_EQ(next_change(at, hours(8)), day(6));
  EXPECT_FALSE(advance(at, hours(8), day(6) - seconds(1)).changed());
  EXPECT_EQ(told(advance(at, hours(8), day(9)).events),
            "b primary 2030-07-07T00:00:00Z\na previous 2030-07-07T00:00:00Z\na retired 2030-07-07T08:00:00Z\n");
}

TEST(Roll, DoesNotWaitForTheLeadOnceTheCurrentOneHasExpired) {
  Assignment at = roll(with_current('a'), certificate('b', 0, 200), day(5), day(2), {.lead = hours(48)})->after;
  EXPECT_EQ(told(advance(at, hours(8), day(91)).events),
            "b primary 2030-09-29T00:00:01Z\na previous 2030-09-29T00:00:01Z\na retired 2030-09-29T00:00:01Z\n");
}

TEST(Roll, AnAcceptedShortOverlapTakesOverAtTheDate) {
  const RollOptions accepted{.lead = hours(48), .accept_short_overlap = true};
  Assignment at = roll(with_current('a'), certificate('b'), day(3), day(2), accepted)->after;
  EXPECT_EQ(due(at), day(3));
  // Also for one that waits already.
  at = roll(with_current('a'), certificate('b'), day(5), day(2), {.lead = hours(48)})->after;
  EXPECT_EQ(due(roll(at, certificate('b'), day(5), day(2), accepted)->after), day(5));
}

TEST(Roll, AComputerThatWasOffCatchesUpWithTheDatesOfThePlan) {
  Assignment at = roll(with_current('a'), certificate('b'), day(5), day(2), {})->after;
  Transition late = advance(at, hours(8), day(9));
  EXPECT_EQ(told(late.events),
            "b primary 2030-07-06T00:00:00Z\na previous 2030-07-06T00:00:00Z\na retired 2030-07-06T08:00:00Z\n");
  EXPECT_EQ(late.after, advance(advance(at, hours(8), day(5)).after, hours(8), day(9)).after);
}

TEST(Roll, AStagedOneThatExpiredIsDroppedAndTheCurrentOneStays) {
  Assignment at = roll(with_current('a'), certificate('b', 0, 6), day(5), day(2), {})->after;
  Transition late = advance(at, std::nullopt, day(7));
  EXPECT_EQ(told(late.events), "b expired 2030-07-07T00:00:00Z\n");
  EXPECT_EQ(late.after.current->certificate, certificate('a'));
}

TEST(Transitions, AreRefusedWithTheirReason) {
  Assignment none = empty_assignment();
  Assignment current = with_current('a');
  struct Case {
    const char* what;
    Result<Transition> result;
    const char* message;
    const char* id;
  };
  const Case kCases[] = {
      {"before notBefore", assign_now(none, certificate('b', 3), day(2)),
       "the certificate cannot be used at 2030-07-03T00:00:00Z: it is not valid before 2030-07-04T00:00:00Z", "CF1908"},
      {"expired", assign_now(none, certificate('b', 0, 1), day(2)),
       "the certificate cannot be used at 2030-07-03T00:00:00Z: it expired at 2030-07-02T00:00:00Z", "CF1909"},
      {"date after notAfter", roll(current, certificate('b', 0, 4), day(5), day(2), {}),
       "the certificate cannot be used at 2030-07-06T00:00:00Z: it expires at 2030-07-05T00:00:00Z", "CF1909"},
      {"onto itself", roll(current, certificate('a'), day(5), day(2), {}), "the certificate is in use already",
       "CF1910"},
      {"in use, later", assign_at(current, certificate('a'), day(5), day(2)), "the certificate is in use already",
       "CF1910"},
      {"nothing to roll", roll(none, certificate('b'), day(5), day(2), {}),
       "no certificate is in use for Default in Global that could be rolled", "CF1911"},
      {"short lead", roll(current, certificate('b'), day(2) + hours(3), day(2), {.lead = hours(24)}),
       "verifiers of Default would know the new key for 3h only before it signs, 1d is asked for", "CF1912"},
      {"the current one ends before", roll(current, certificate('b', 0, 200), day(91), day(2), {.lead = hours(24)}),
       "the certificate in use for Default expires at 2030-09-29T00:00:00Z, before the new one takes over", "CF1918"},
      {"nothing staged", publish(current, day(2)), "no certificate is staged for Default in Global", "CF1913"},
      {"nothing assigned", remove(none, day(2)), "nothing is assigned for Default in Global", "CF1914"},
      {"no previous", remove_previous(current, day(2)), "no previous certificate is kept for Default in Global",
       "CF1915"},
  };
  for (const Case& c : kCases) {
    ASSERT_FALSE(c.result) << c.what;
    EXPECT_EQ(c.result.error().message, c.message) << c.what;
    EXPECT_EQ(c.result.error().id, c.id) << c.what;
    EXPECT_FALSE(c.result.error().fix.empty()) << c.what;
  }
  EXPECT_TRUE(
      roll(current, certificate('b'), day(2) + hours(3), day(2), {.lead = hours(24), .accept_short_overlap = true}));
}

TEST(RollBack, UsesThePreviousOneAgainAndKeepsTheOtherAndWhatIsStaged) {
  Assignment rolled = roll(with_current('a'), certificate('b'), day(2), day(2), {})->after;
  Assignment staged = roll(rolled, certificate('c'), day(9), day(3), {})->after;
  Result<Transition> back = roll_back(staged, day(4));
  ASSERT_TRUE(back);
  EXPECT_EQ(told(back->events), "a primary 2030-07-05T00:00:00Z\nb previous 2030-07-05T00:00:00Z\n");
  EXPECT_EQ(back->after.next, staged.next);
  Result<Transition> forth = roll_back(back->after, day(5));
  EXPECT_EQ(forth->after.current->certificate, certificate('b'));
  EXPECT_EQ(forth->after.previous->certificate, certificate('a'));
  EXPECT_GT(forth->after.generation, back->after.generation);
}

TEST(RollBack, IsRefusedWithoutAPreviousOneAndForOneThatExpired) {
  EXPECT_EQ(roll_back(with_current('a'), day(4)).error().id, "CF1915");
  Assignment rolled = roll(with_current('a'), certificate('b', 0, 200), day(2), day(2), {})->after;
  EXPECT_EQ(roll_back(rolled, day(91)).error().id, "CF1909");
}

TEST(RollNow, DoesAtOnceWhatWasStaged) {
  Assignment staged = roll(with_current('a'), certificate('b'), day(9), day(2), {})->after;
  EXPECT_EQ(told(roll_now(staged, day(3), {})->events),
            "b staged 2030-07-04T00:00:00Z\nb primary 2030-07-04T00:00:00Z\na previous 2030-07-04T00:00:00Z\n");
  Assignment cut = assign_at(with_current('a'), certificate('b'), day(9), day(2))->after;
  EXPECT_EQ(roll_now(cut, day(3), {})->after.previous, std::nullopt);
  EXPECT_EQ(roll_now(staged, day(3), {hours(24), false}).error().id, "CF1912");
  EXPECT_EQ(roll_now(with_current('a'), day(3), {}).error().id, "CF1913");
}

TEST(Withdraw, LeavesTheCurrentOne) {
  Assignment staged = roll(with_current('a'), certificate('b'), day(9), day(2), {})->after;
  Result<Transition> result = withdraw(staged, day(3));
  EXPECT_EQ(told(result->events), "b withdrawn 2030-07-04T00:00:00Z\n");
  EXPECT_EQ(result->after.current, staged.current);
  EXPECT_EQ(withdraw(result->after, day(3)).error().id, "CF1913");
}

TEST(Remove, KeepsTheGeneration) {
  Assignment at = roll(with_current('a'), certificate('b'), day(5), day(2), {})->after;
  Transition removed = remove(at, day(3)).value();
  EXPECT_EQ(told(removed.events), "a retired 2030-07-04T00:00:00Z\nb withdrawn 2030-07-04T00:00:00Z\n");
  EXPECT_TRUE(removed.after.empty());
  EXPECT_EQ(assign_now(removed.after, certificate('c'), day(4))->after.current->generation, 3U);
}

TEST(Resolve, TheNarrowestScopeWithAUsableCertificateWins) {
  Computer computer{"a.example", "Redmond", "web.example", std::nullopt, {}};
  auto at_scope = [](Scope scope, char name, int from, int to) {
    Assignment assignment = empty_assignment();
    assignment.scope = std::move(scope);
    assignment.current = Slot{certificate(name, from, to), 1, day(from), day(from)};
    return assignment;
  };
  std::vector<Assignment> all = {
      at_scope(Scope::global(), 'g', 0, 90), at_scope(Scope::computer("a.example"), 'c', 10, 20),
      at_scope(Scope::site("Redmond"), 's', 5, 30), at_scope(Scope::computer("other.example"), 'o', 0, 90)};
  auto used = [&](int when) {
    std::optional<Resolved> resolved = resolve(all, computer, "default", day(when));
    return resolved ? resolved->slot.certificate.sha256[0] : '-';
  };
  EXPECT_EQ(used(-1), '-');
  EXPECT_EQ(used(1), 'g');
  EXPECT_EQ(used(6), 's');
  EXPECT_EQ(used(15), 'c');
  EXPECT_EQ(used(25), 's');
  EXPECT_EQ(used(31), 'g');
  EXPECT_EQ(used(91), '-');
  computer.types = {{"XMPPServer"}};
  EXPECT_EQ(used(15), '-');
}

TEST(Resolve, FlipsByItselfAtTheDate) {
  Assignment at = roll(with_current('a'), certificate('b', 0, 10), day(5), day(2), {})->after;
  Computer computer{"a.example", "", "", std::nullopt, {}};
  auto used = [&](Time now) { return resolve({&at, 1}, computer, "Default", now)->slot.certificate.sha256[0]; };
  EXPECT_EQ(used(day(5) - seconds(1)), 'a');
  EXPECT_EQ(used(day(5)), 'b');
  EXPECT_EQ(used(day(11)), 'a');
}

// What must hold whatever is done in whatever order.
void check_invariants(const Assignment& before, const Transition& transition, Time now) {
  const Assignment& after = transition.after;
  RC_ASSERT(transition.changed() == !(after == before));
  RC_ASSERT(after.generation >= before.generation);
  std::vector<const Slot*> slots;
  if (after.current) slots.push_back(&*after.current);
  if (after.next) slots.push_back(&after.next->slot);
  if (after.previous) slots.push_back(&*after.previous);
  for (std::size_t i = 0; i < slots.size(); ++i) {
    RC_ASSERT(slots[i]->generation >= 1U);
    RC_ASSERT(slots[i]->generation <= after.generation);
    RC_ASSERT(slots[i]->certificate.valid_at(slots[i]->effective));
    for (std::size_t j = 0; j < i; ++j) {
      RC_ASSERT(slots[i]->certificate.sha256 != slots[j]->certificate.sha256);
      RC_ASSERT(slots[i]->generation != slots[j]->generation);
    }
  }
  if (after.current) RC_ASSERT(after.current->effective <= now);
  if (after.next) RC_ASSERT(due(after) > now || !transition.changed());
  RC_ASSERT(assignment_from_json(to_json(after)).value() == after);
  if (auto used = resolve({&after, 1}, Computer{"a", "", "", std::nullopt, {}}, "Default", now)) {
    RC_ASSERT(used->slot.effective <= now);
    RC_ASSERT(used->slot.certificate.valid_at(now));
  }
}

TEST(StateMachine, KeepsItsPromisesUnderAnySequence) {
  EXPECT_TRUE(rc::check([] {
    Assignment at = empty_assignment();
    int today = 0;
    std::optional<seconds> window = *rc::gen::element<std::optional<seconds>>(std::nullopt, hours(8), hours(24 * 9));
    const RollOptions options{.lead = hours(24 * *rc::gen::inRange(0, 4)),
                              .accept_short_overlap = *rc::gen::arbitrary<bool>()};
    std::uint64_t events = 0;
    for (int step = 0; step < 30; ++step) {
      today += *rc::gen::inRange(0, 4);
      // Every computer advances before it does anything else.
      Transition due = advance(at, window, day(today));
      check_invariants(at, due, day(today));
      RC_ASSERT(!advance(due.after, window, day(today)).changed());
      at = due.after;
      int start = *rc::gen::inRange(0, 40);
      char name = *rc::gen::inRange('a', 'f');
      CertificateRef some = certificate(name, (name - 'a') * 8, (name - 'a') * 8 + 30);
      Time when = day(today + start - 5);
      Result<Transition> result = Transition{at, {}};
      switch (*rc::gen::inRange(0, 9)) {
        case 0: result = assign_now(at, some, day(today)); break;
        case 1: result = assign_at(at, some, when, day(today)); break;
        case 2: result = roll(at, some, when, day(today), options); break;
        case 3: result = publish(at, day(today)); break;
        case 4: result = remove(at, day(today)); break;
        case 5: result = withdraw(at, day(today)); break;
        case 6: result = roll_now(at, day(today), options); break;
        case 7: result = roll_back(at, day(today)); break;
        default: result = remove_previous(at, day(today)); break;
      }
      if (!result) continue;
      check_invariants(at, *result, day(today));
      events += result->events.size();
      at = result->after;
    }
    RC_CLASSIFY(events > 10);
  }));
}

}  // namespace
}  // namespace certferry::fleet
