#include "agent/cycle.h"

#include <algorithm>

#include "commands/adopt.h"
#include "commands/attempts.h"
#include "commands/catalog.h"
#include "commands/flip.h"
#include "commands/heartbeat.h"
#include "commands/publish.h"
#include "commands/reconcile.h"
#include "commands/take.h"
#include "fleet/store_keys.h"
#include "store/audit.h"

namespace certferry::agent {
namespace {

using commands::kClockMayBeOff;
using commands::StoredAssignment;

constexpr std::chrono::minutes kLookAgain{1};  // while the clock cannot be believed
// A service that was off at its date, or starts after the agent at boot, gets its certificate once it runs.
constexpr std::chrono::seconds kServiceMayStart{20};

class Runner {
 public:
  Runner(commands::Environment& environment, commands::Home& home, Remembered& remembered)
      : environment_(environment),
        home_(home),
        time_(remembered.time),
        members_(remembered.members),
        now_(environment.clock.now()) {}

  [[nodiscard]] Result<Cycle> run() {
    CERTFERRY_ASSIGN(store::Store* const store, home_.store());
    CERTFERRY_TRY(store->wait_for_writers());
    CERTFERRY_TRY(check_clock(*store));
    if (!cycle_.held) ask_servers();
    if (cycle_.held) return std::move(cycle_);
    CERTFERRY_ASSIGN(const commands::Reconciled reconciled, commands::reconcile(environment_, home_, now_));
    for (const std::string& type : reconciled.changed) cycle_.actions.push_back("bring " + type + " to the store");
    for (const std::string& published : reconciled.published) cycle_.actions.push_back(published);
    cycle_.findings.insert(cycle_.findings.end(), reconciled.findings.begin(), reconciled.findings.end());
    cycle_.failures = reconciled.failures;
    for (const Error& failure : reconciled.failures)
      cycle_.findings.push_back({failure.id, Severity::kFatal, failure.message, failure.fix, "certferry"});
    const auto record = [&] { return record_rolls(*store); };
    CERTFERRY_TRY(commands::apply_or_plan_again([] { return Result<>(); }, record));
    for (std::string& roll : rolls_) cycle_.actions.push_back(std::move(roll));
    CERTFERRY_TRY(take_computers_in());
    CERTFERRY_TRY(seal_for_others(*store));
    CERTFERRY_TRY(hear_and_be_heard());
    const bool waits =
        std::ranges::find(reconciled.failures, commands::kServiceDoesNotRun, &Error::id) != reconciled.failures.end();
    if (waits) cycle_.next = std::min(cycle_.next.value_or(Time::max()), now_ + kServiceMayStart);
    // The clock is asked about before something is due, not then.
    if (const auto stale = time_.stale_at(); stale && cycle_.next) cycle_.next = std::min(*cycle_.next, *stale);
    return std::move(cycle_);
  }

 private:
  [[nodiscard]] Result<> check_clock(store::Store& store) {
    CERTFERRY_ASSIGN(const std::optional<Time> last, store::last_audit_time(store));
    if (last && *last > now_ + kClockMayBeOff) hold("CF2102", "but the store was last written at " + rfc3339(*last));
    return {};
  }

  void ask_servers() {
    const TimeSource::Word word = time_.ask(home_.config().agent.ntp_servers, environment_.clock);
    cycle_.findings = word.findings;
    if (!word.offset || std::chrono::abs(*word.offset) <= kClockMayBeOff) return;
    time_.forget();
    hold("CF2104", "but the NTP servers say " + rfc3339(now_ + *word.offset));
  }

  void hold(std::string_view id, const std::string& why) {
    cycle_.held = true;
    cycle_.next = now_ + kLookAgain;
    cycle_.findings = {{std::string(id), Severity::kFatal,
                        "the clock says " + rfc3339(now_) + ", " + why + ": nothing is rolled by a wrong clock",
                        "set the clock (chronyc makestep, timedatectl set-ntp true); the agent goes on by itself",
                        "certferry"}};
  }

  // Where the fleet is administered: who joined with a token, and what it shall have.
  [[nodiscard]] Result<> take_computers_in() {
    commands::Frame frame(environment_, home_.config().computer.fqdn);
    CERTFERRY_ASSIGN(const commands::Adopted adopted, commands::adopt_waiting(environment_, home_, frame));
    cycle_.findings.insert(cycle_.findings.end(), adopted.findings.begin(), adopted.findings.end());
    for (const std::string& fqdn : adopted.computers) cycle_.actions.push_back("take " + fqdn + " into the fleet");
    if (adopted.computers.empty()) return {};
    CERTFERRY_ASSIGN(const commands::Published published,
                     commands::publish(environment_, home_, "Set-CsCertificate", now_));
    tell(published);
    return {};
  }

  // Where other homes share the store: they take in computers that shall have what only this one has.
  [[nodiscard]] Result<> seal_for_others(store::Store& store) {
    if (!home_.membership() || !home_.store_place().etcd) return {};
    store::Revision seen = 0;
    if (members_) {
      CERTFERRY_ASSIGN(const store::Changes changes, store.changes(fleet::kMemberKeys, *members_));
      if (changes.changes.empty() && !changes.compacted) return {};
      seen = changes.revision;
    } else {
      CERTFERRY_ASSIGN(const store::Listing nothing, store.list(fleet::kRootKey));
      seen = nothing.revision;
    }
    CERTFERRY_ASSIGN(const commands::Published sealed, commands::reseal(environment_, home_, now_));
    tell(sealed);
    members_ = seen;
    return {};
  }

  void tell(const commands::Published& published) {
    cycle_.actions.insert(cycle_.actions.end(), published.actions.begin(), published.actions.end());
    cycle_.findings.insert(cycle_.findings.end(), published.findings.begin(), published.findings.end());
  }

  // That nothing new comes is said where the fleet is administered, and noticed elsewhere.
  [[nodiscard]] Result<> hear_and_be_heard() {
    CERTFERRY_ASSIGN(const std::optional<Time> due,
                     commands::renew_heartbeat(environment_, home_, commands::Heartbeats::kStart, now_));
    CERTFERRY_ASSIGN(const commands::Silence heard, commands::silence(environment_, home_, now_));
    if (heard.alarm) cycle_.findings.push_back(*heard.alarm);
    for (const std::optional<Time>& at : {due, heard.alarms_at}) {
      if (at) cycle_.next = std::min(cycle_.next.value_or(Time::max()), *at);
    }
    return {};
  }

  [[nodiscard]] Result<> record_rolls(store::Store& store) {
    rolls_.clear();
    cycle_.next.reset();
    commands::Catalog catalog(store);
    CERTFERRY_ASSIGN(const std::vector<StoredAssignment> assignments, catalog.assignments());
    store::Batch batch;
    for (const StoredAssignment& stored : assignments) {
      const fleet::Type* type = home_.config().types.find(stored.assignment.type);
      const auto window = type ? type->window() : std::nullopt;
      const fleet::Transition transition = fleet::advance(stored.assignment, window, now_);
      const auto next = fleet::next_change(transition.after, window);
      if (next && (!cycle_.next || *next < *cycle_.next)) cycle_.next = next;
      if (!transition.changed()) continue;
      catalog.put(batch, stored, transition.after);
      for (const fleet::Event& event : transition.events)
        rolls_.push_back(stored.assignment.type + " at " + stored.assignment.scope.text() + ": " +
                         event.sha256.substr(0, 16) + "… " + std::string(fleet::name_of(event.kind)) + " since " +
                         rfc3339(event.at));
    }
    if (rolls_.empty()) return {};
    CERTFERRY_TRY(
        store::append_audit(store, batch,
                            {0, now_, environment_.actor.name + " (" + std::to_string(environment_.actor.uid) + ")",
                             environment_.command_line, rolls_, ""}));
    const auto revision = store.commit(batch);
    if (!revision) return std::unexpected(revision.error());
    return {};
  }

  commands::Environment& environment_;
  commands::Home& home_;
  TimeSource& time_;
  std::optional<store::Revision>& members_;
  const Time now_;
  Cycle cycle_;
  std::vector<std::string> rolls_;
};

}  // namespace

Result<Cycle> run_cycle(commands::Environment& environment, commands::Home& home, Remembered& remembered) {
  return Runner(environment, home, remembered).run();
}

}  // namespace certferry::agent
