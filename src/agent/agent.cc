#include "agent/agent.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "agent/cycle.h"
#include "agent/fleet_link.h"
#include "agent/store_watch.h"
#include "agent/wakeups.h"
#include "commands/frame.h"

namespace certferry::agent {
namespace {

using nlohmann::ordered_json;

constexpr std::chrono::seconds kFirstPause{1};
constexpr std::chrono::seconds kLongestPause{60};

class Loop {
 public:
  Loop(commands::Environment& environment, std::string home, const Log& log)
      : environment_(environment), home_(std::move(home)), log_(log) {}

  [[nodiscard]] Result<> run() {
    // Before anything starts a thread: each would be one that the signals may end.
    if (environment_.engines) block_signals();
    // The store is made where there is none, so that there is something to watch.
    CERTFERRY_TRY(look());
    CERTFERRY_ASSIGN(Wakeups wakeups, Wakeups::make(home_));
    CERTFERRY_TRY(follow_fleet(wakeups));
    log_(Severity::kInfo, "the agent of " + home_ + " is ready");
    // Again: what came between the two is not lost.
    settle(look());
    while (true) {
      CERTFERRY_ASSIGN(const Wakeups::Reason reason, wakeups.wait(next_));
      if (reason == Wakeups::Reason::kStop) break;
      if (reason == Wakeups::Reason::kClockSet) {
        log_(Severity::kWarning, "somebody set the clock");
        remembered_.time.forget();
      }
      settle(look());
    }
    log_(Severity::kInfo, "the agent ends");
    return {};
  }

 private:
  // After the signals were taken over, so that the link's threads leave them alone.
  [[nodiscard]] Result<> follow_fleet(Wakeups& wakeups) {
    if (!environment_.engines) return {};
    CERTFERRY_ASSIGN(const commands::Home home,
                     commands::Home::open(home_, commands::Home::Access::kRead, environment_));
    CERTFERRY_ASSIGN(link_, FleetLink::make(environment_, home, log_));
    if (link_) wakeups.also(link_->descriptor());
    if (link_ || !home.store_place().etcd) return {};
    CERTFERRY_ASSIGN(watch_, StoreWatch::make(home.store_opener()));
    wakeups.also(watch_->descriptor());
    return {};
  }

  // Opens everything anew: the configuration may have changed, and nothing is kept in memory while the agent sleeps.
  [[nodiscard]] Result<> look() {
    if (watch_) watch_->drain();
    CERTFERRY_ASSIGN(commands::Home home, commands::Home::open(home_, commands::Home::Access::kWrite, environment_));
    if (link_) CERTFERRY_TRY(link_->look(environment_, home));
    CERTFERRY_ASSIGN(const Cycle cycle, run_cycle(environment_, home, remembered_));
    for (const std::string& action : cycle.actions) log_(Severity::kInfo, action);
    // Told once, not at each look.
    for (const Finding& finding : cycle.findings) {
      if (std::ranges::find(told_, finding) == told_.end())
        log_(finding.severity,
             finding.id + ": " + finding.message + (finding.fix.empty() ? "" : "; fix: " + finding.fix));
    }
    told_ = cycle.findings;
    due_ = cycle.next;
    if (!link_) return {};
    CERTFERRY_TRY(link_->report(environment_, home));
    if (const auto next = link_->due()) due_ = std::min(due_.value_or(*next), *next);
    return {};
  }

  // When to look again.
  void settle(const Result<>& looked) {
    if (looked) {
      pause_ = kFirstPause;
      next_ = due_;
      return;
    }
    log_(Severity::kFatal, looked.error().id + ": " + looked.error().message + "; fix: " + looked.error().fix);
    next_ = environment_.clock.now() + pause_;
    pause_ = std::min(pause_ * 2, kLongestPause);
  }

  commands::Environment& environment_;
  const std::string home_;
  const Log& log_;
  Remembered remembered_;
  std::unique_ptr<FleetLink> link_;  // null: no relays
  std::unique_ptr<StoreWatch> watch_;  // null: the store is a file
  Findings told_;
  std::chrono::seconds pause_ = kFirstPause;
  std::optional<Time> due_;
  std::optional<Time> next_;
};

}  // namespace

commands::Outcome run_once(commands::Environment& environment, commands::Home& home) {
  commands::Frame frame(environment, home.config().computer.fqdn);
  Remembered remembered;
  const auto cycle = run_cycle(environment, home, remembered);
  Result<> done;
  if (!cycle) done = std::unexpected(cycle.error());
  ordered_json next = nullptr;
  bool changed = false;
  if (cycle) {
    for (const std::string& action : cycle->actions)
      frame.document.steps.push_back({home.config().computer.fqdn, action, report::Step::State::kDone, ""});
    frame.document.findings = cycle->findings;
    changed = !cycle->actions.empty();
    if (cycle->next) next = rfc3339(*cycle->next);
    if (!cycle->failures.empty()) done = std::unexpected(cycle->failures.front());
    if (cycle->held) {
      const Finding& reason = cycle->findings.front();
      done = fail(ErrorKind::kFailed, reason.id, reason.message, reason.fix);
    }
  }
  frame.document.status = changed ? report::Status::kDone : report::Status::kNothing;
  const bool partly = cycle && !cycle->failures.empty();
  frame.document.headline = partly    ? "Not everything could be brought to what shall be"
                            : !done   ? "Nothing was done"
                            : changed ? "Brought to what shall be"
                                      : "Everything is as it shall be";
  frame.document.summary = {next.is_null() ? "Nothing waits for a date."
                                           : "Next something is due at " + next.get<std::string>() + "."};
  return frame.finish(done, changed, {{"changed", changed}, {"next", std::move(next)}});
}

Result<> run_agent(commands::Environment& environment, const std::string& home, const Log& log) {
  return Loop(environment, home, log).run();
}

}  // namespace certferry::agent
