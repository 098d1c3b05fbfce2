#include "commands/computer_plans.h"

#include <algorithm>

#include "base/ascii.h"
#include "checks/checks.h"
#include "commands/catalog.h"
#include "commands/fleet_members.h"
#include "commands/fleet_status.h"
#include "commands/heartbeat.h"

namespace certferry::commands {
namespace {

using report::ComputerPlan;

constexpr std::size_t kShownDigits = 12;
constexpr std::size_t kMostRows = 20;  // for people; programs get all

std::string shown(const std::string& sha256) { return sha256.substr(0, kShownDigits); }

class Planner {
 public:
  Planner(Home& home, store::Store& store, const std::vector<PlannedAssignment>& planned, const x509::Certificate* leaf,
          Time now)
      : home_(home), store_(store), catalog_(store), planned_(planned), leaf_(leaf), now_(now) {}

  [[nodiscard]] Result<std::vector<ComputerPlan>> run() {
    CERTFERRY_ASSIGN(const seal::Trust trust, fleet_trust(home_, store_));
    CERTFERRY_ASSIGN(const Members all, fleet_members(store_, trust, now_));
    CERTFERRY_ASSIGN(const std::vector<StoredAssignment> stored, catalog_.assignments());
    for (const StoredAssignment& one : stored) assignments_.push_back(one.assignment);
    for (const PlannedAssignment& plan : planned_) put(plan.transition.after);
    std::vector<ComputerPlan> plans;
    for (const StoredMember& one : all.members) {
      const fleet::Computer& computer = one.member.computer;
      if (one.member.state == fleet::Member::State::kRemoved || computer.fqdn == home_.config().computer.fqdn) continue;
      std::optional<fleet::Status> status;
      for (const PlannedAssignment& plan : planned_) {
        const fleet::Assignment& after = plan.transition.after;
        if (!computer.in(after.scope) || !computer.hosts(after.type)) continue;
        if (!status) {
          CERTFERRY_ASSIGN(status, last_status(store_, trust, one.member));
        }
        CERTFERRY_ASSIGN(ComputerPlan made, plan_of(one.member, status, after));
        plans.push_back(std::move(made));
      }
    }
    std::ranges::stable_partition(plans, [](const ComputerPlan& plan) { return !plan.look_at.empty(); });
    return plans;
  }

 private:
  void put(const fleet::Assignment& after) {
    for (fleet::Assignment& one : assignments_) {
      if (one.scope == after.scope && one.type == after.type) {
        one = after;
        return;
      }
    }
    assignments_.push_back(after);
  }

  [[nodiscard]] Result<ComputerPlan> plan_of(const fleet::Member& member, const std::optional<fleet::Status>& status,
                                             const fleet::Assignment& after) {
    const fleet::Computer& computer = member.computer;
    ComputerPlan plan{computer.fqdn, computer.pool, after.type, "nothing", "nothing", "", {}};
    if (member.state != fleet::Member::State::kActive)
      plan.look_at.push_back("it is " + std::string(fleet::name_of(member.state)));
    if (!status) {
      plan.has = "unknown";
      plan.look_at.emplace_back("it never answered");
    } else if (now_ > status->head.issued + kSilenceAlarms) {
      plan.look_at.push_back("not answered since " + rfc3339(status->head.issued));
    }
    plan.services = "unknown";
    for (const fleet::ReportedUse& use : status ? status->uses : std::vector<fleet::ReportedUse>()) {
      if (!equal_ignoring_case(use.type, after.type) || use.state == fleet::ReportedUse::State::kStaged) continue;
      plan.has = shown(use.sha256) + " " + std::string(fleet::name_of(use.state));
      const bool failed =
          use.state == fleet::ReportedUse::State::kFailed || use.state == fleet::ReportedUse::State::kRolledBack;
      const bool asked = failed || use.state == fleet::ReportedUse::State::kVerified;
      plan.services = asked ? "reload, and are asked" : "take it from its live name";
      if (failed) plan.look_at.push_back("the last one " + std::string(fleet::name_of(use.state)) + ": " + use.reason);
    }
    if (member.state != fleet::Member::State::kActive) return plan;
    const Time then = after.next ? std::max(now_, after.next->slot.effective) : now_;
    const auto used = fleet::resolve(assignments_, computer, after.type, then);
    if (!used) return plan;
    const fleet::Assignment& winner = assignments_[used->assignment];
    plan.gets = shown(used->slot.certificate.sha256);
    if (!(winner.scope == after.scope)) {
      plan.gets += ", its own (" + winner.scope.text() + ")";
      return plan;
    }
    if (then > now_) plan.gets += " on " + rfc3339(then);
    CERTFERRY_TRY(check_names(computer, after.type, used->slot.certificate.sha256, plan));
    return plan;
  }

  [[nodiscard]] Result<> check_names(const fleet::Computer& computer, const std::string& type_name,
                                     const std::string& sha256, ComputerPlan& plan) {
    const fleet::Type* const type = home_.config().types.find(type_name);
    if (!type || !type->tls() || !type->covers_computer) return {};
    std::optional<x509::Certificate> stored;
    const x509::Certificate* certificate = leaf_ && leaf_->sha256_hex() == sha256 ? leaf_ : nullptr;
    if (!certificate) {
      CERTFERRY_ASSIGN(stored, catalog_.certificate(sha256));
      certificate = &*stored;
    }
    const std::vector<fleet::Type> types = {*type};
    const std::vector<fleet::Computer> computers = {computer};
    for (const checks::NeededName& needed : checks::needed_names(types, computers)) {
      if (!checks::covers(*certificate, needed.name))
        plan.look_at.push_back("the certificate is not valid for " + needed.name);
    }
    return {};
  }

  Home& home_;
  store::Store& store_;
  Catalog catalog_;
  const std::vector<PlannedAssignment>& planned_;
  const x509::Certificate* const leaf_;
  const Time now_;
  std::vector<fleet::Assignment> assignments_;  // as they would be
};

report::Table table_of(const std::vector<ComputerPlan>& plans) {
  report::Table table{
      "What each computer would get", {"Computer", "Use", "Has", "Gets", "Its services", "Look at"}, {}};
  for (const ComputerPlan& plan : plans) {
    if (table.rows.size() == kMostRows && plans.size() > kMostRows + 1) {
      table.rows.push_back({"… and " + std::to_string(plans.size() - kMostRows) + " more", "", "", "", "", ""});
      break;
    }
    std::string look_at;
    for (const std::string& text : plan.look_at) look_at += (look_at.empty() ? "" : "; ") + text;
    table.rows.push_back({plan.computer, plan.type, plan.has, plan.gets, plan.services, look_at});
  }
  return table;
}

}  // namespace

Result<> describe_computers(Home& home, const std::vector<PlannedAssignment>& planned, const x509::Certificate* leaf,
                            Time now, report::Document& document) {
  document.computers.clear();
  if (!home.membership() || planned.empty()) return {};
  CERTFERRY_ASSIGN(store::Store* const store, home.store());
  CERTFERRY_ASSIGN(document.computers, Planner(home, *store, planned, leaf, now).run());
  if (!document.computers.empty()) document.tables.push_back(table_of(document.computers));
  return {};
}

}  // namespace certferry::commands
