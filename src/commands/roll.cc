#include "commands/roll.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "commands/assign.h"
#include "commands/attempts.h"
#include "commands/computer_plans.h"
#include "commands/facts.h"
#include "commands/frame.h"
#include "commands/reconcile.h"

namespace certferry::commands {
namespace {

using nlohmann::ordered_json;

class Roll {
 public:
  Roll(Environment& environment, Home& home, const RollOptions& options)
      : environment_(environment), home_(home), options_(options), frame_(environment, home.config().computer.fqdn) {}

  [[nodiscard]] Outcome run() {
    const Result<> done = carry_out();
    headline(done);
    ordered_json types = ordered_json::array();
    for (const PlannedAssignment& plan : planned_) types.push_back(plan.transition.after.type);
    return frame_.finish(done, true, {{"types", std::move(types)}, {"changed", done.has_value() && !options_.what_if}});
  }

 private:
  [[nodiscard]] Result<> carry_out() {
    Result<> planned = plan();
    frame_.log("plan", planned.has_value());
    if (!planned || options_.what_if) return planned;
    if (options_.confirm) CERTFERRY_TRY(frame_.confirm("Go on?"));
    Result<> stored = apply_or_plan_again([this] { return plan(); }, [this] { return commit(); });
    frame_.log("commit to the store", stored.has_value());
    CERTFERRY_TRY(stored);
    const auto reconciled = bring_to_disk(environment_, home_, frame_, types_of(planned_), "Set-CsCertificate");
    if (!reconciled) return std::unexpected(reconciled.error());
    return {};
  }

  [[nodiscard]] Result<> plan() {
    frame_.document.steps.clear();
    planned_.clear();
    CERTFERRY_ASSIGN(store::Store* const store, home_.store());
    catalog_.emplace(*store);
    fleet::Scope scope = fleet::Scope::computer(home_.config().computer.fqdn);
    if (options_.identity) {
      CERTFERRY_ASSIGN(scope, fleet::Scope::parse(*options_.identity));
    }
    CERTFERRY_ASSIGN(const std::vector<std::string> types, home_.config().types.parse_list(options_.types));
    for (const std::string& type : types) {
      CERTFERRY_ASSIGN(const fleet::Type profile, home_.config().types.get(type));
      CERTFERRY_ASSIGN(StoredAssignment stored, catalog_->assignment(scope, type));
      CERTFERRY_ASSIGN(fleet::Transition transition, change(profile, stored.assignment));
      planned_.push_back({std::move(stored), std::move(transition)});
    }
    describe(planned_, home_.config(), {}, frame_.now(), frame_.document);
    if (options_.what_if) CERTFERRY_TRY(describe_computers(home_, planned_, nullptr, frame_.now(), frame_.document));
    return {};
  }

  [[nodiscard]] Result<fleet::Transition> change(const fleet::Type& profile, const fleet::Assignment& stored) const {
    const Time now = frame_.now();
    const fleet::Assignment before = fleet::advance(stored, profile.window(), now).after;
    switch (options_.action) {
      case RollAction::kCancel: return fleet::withdraw(before, now);
      case RollAction::kBack: return fleet::roll_back(before, now);
      case RollAction::kNow: break;
    }
    return fleet::roll_now(before, now, {profile.lead, options_.accept_short_overlap});
  }

  [[nodiscard]] Result<> commit() { return commit_assignments(environment_, home_, *catalog_, frame_, planned_); }

  void headline(const Result<>& done) {
    report::Document& document = frame_.document;
    if (!done) {
      const bool partly = done.error().kind == ErrorKind::kPartly;
      document.headline = partly ? "Stored, but what is live could not be brought to it" : "Nothing was changed";
      return;
    }
    std::string types;
    for (const PlannedAssignment& plan : planned_) types += (types.empty() ? "" : ", ") + plan.transition.after.type;
    const bool would = options_.what_if;
    switch (options_.action) {
      case RollAction::kNow: document.headline = (would ? "Would roll " : "Rolled ") + types; break;
      case RollAction::kCancel:
        document.headline = (would ? "Would cancel the roll of " : "Cancelled the roll of ") + types;
        break;
      case RollAction::kBack: document.headline = (would ? "Would roll back " : "Rolled back ") + types; break;
    }
    document.status = would ? report::Status::kPlanned : report::Status::kDone;
    if (would) return;
    frame_.mark_done();
    const fleet::Assignment& after = planned_.front().transition.after;
    if (options_.action != RollAction::kCancel && after.previous)
      document.undo = {"certferry rollback --type " + types + " --identity " + after.scope.text()};
  }

  Environment& environment_;
  Home& home_;
  const RollOptions& options_;
  Frame frame_;
  std::optional<Catalog> catalog_;
  std::vector<PlannedAssignment> planned_;
};

Result<> show_rolls(Home& home, Frame& frame, ordered_json& rolls) {
  CERTFERRY_ASSIGN(store::Store* const store, home.store());
  const store::Reading reading(*store);
  Catalog catalog(*store);
  CERTFERRY_ASSIGN(std::vector<StoredAssignment> assignments, catalog.assignments());
  std::erase_if(assignments, [](const StoredAssignment& stored) { return !stored.assignment.next; });
  std::ranges::sort(assignments, {},
                    [](const StoredAssignment& stored) { return stored.assignment.next->slot.effective; });
  report::Table table{"", {"Use", "Scope", "From", "Stage", "Thumbprint", "Subject", "Instead of", "How"}, {}};
  for (const StoredAssignment& stored : assignments) {
    const fleet::Assignment& assignment = stored.assignment;
    const auto record = [&](const fleet::Slot& slot) -> Result<CertificateRecord> {
      CERTFERRY_ASSIGN(std::optional<Found> found, catalog.get(slot.certificate.sha256));
      if (!found)
        return fail(ErrorKind::kFailed, "CF1710", "the store lacks the certificate " + slot.certificate.sha256,
                    "import it again");
      return std::move(found->record);
    };
    CERTFERRY_ASSIGN(const CertificateRecord next, record(assignment.next->slot));
    ordered_json current = nullptr;
    if (assignment.current) {
      CERTFERRY_ASSIGN(const CertificateRecord old, record(*assignment.current));
      current = old.thumbprint;
    }
    const std::string from = rfc3339(assignment.next->slot.effective);
    const std::string due = rfc3339(fleet::due(assignment));
    const std::string stage(fleet::name_of(fleet::stage_of(assignment, next.sha256)));
    const auto& published = assignment.next->published;
    table.rows.push_back({assignment.type, assignment.scope.text(), due, stage, next.thumbprint, next.subject,
                          current.is_null() ? "" : current.get<std::string>(),
                          assignment.next->roll ? "roll" : "hard cut"});
    rolls.push_back({{"use", assignment.type},
                     {"scope", assignment.scope.text()},
                     {"effective_date", from},
                     {"due", due},
                     {"stage", stage},
                     {"published", published ? ordered_json(rfc3339(*published)) : ordered_json(nullptr)},
                     {"thumbprint", next.thumbprint},
                     {"sha256", next.sha256},
                     {"subject", next.subject},
                     {"replaces", std::move(current)},
                     {"roll", assignment.next->roll}});
  }
  frame.document.summary = {rolls.empty() ? "Nothing waits for a date."
                                          : std::to_string(rolls.size()) + (rolls.size() == 1 ? " waits." : " wait.")};
  if (!table.rows.empty()) frame.document.tables.push_back(std::move(table));
  return {};
}

}  // namespace

Outcome change_roll(Environment& environment, Home& home, const RollOptions& options) {
  return Roll(environment, home, options).run();
}

Outcome list_rolls(Environment& environment, Home& home) {
  Frame frame(environment, home.config().computer.fqdn);
  frame.document.headline = "Certificates that wait for their date";
  ordered_json rolls = ordered_json::array();
  const Result<> done = show_rolls(home, frame, rolls);
  return frame.finish(done, false, {{"rolls", std::move(rolls)}});
}

}  // namespace certferry::commands
