#include "commands/set.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "commands/attempts.h"
#include "commands/computer_plans.h"
#include "commands/examine.h"
#include "commands/facts.h"
#include "commands/fleet_members.h"
#include "commands/frame.h"
#include "commands/reconcile.h"

namespace certferry::commands {
namespace {

using nlohmann::ordered_json;

class Set {
 public:
  Set(Environment& environment, Home& home, const SetOptions& options)
      : environment_(environment), home_(home), options_(options), frame_(environment, home.config().computer.fqdn) {}

  [[nodiscard]] Outcome run() {
    const Result<> done = carry_out();
    headline(done);
    ordered_json types = ordered_json::array();
    for (const PlannedAssignment& plan : planned_) types.push_back(plan.transition.after.type);
    return frame_.finish(done, changes_,
                         {{"thumbprint", record_.thumbprint},
                          {"sha256", record_.sha256},
                          {"types", std::move(types)},
                          {"changed", (changes_ || moved_) && done.has_value() && !options_.what_if}});
  }

 private:
  [[nodiscard]] Result<> carry_out() {
    Result<> planned = plan();
    frame_.log("plan and check", planned.has_value());
    if (!planned || options_.what_if) return planned;
    if (changes_) {
      if (options_.confirm) CERTFERRY_TRY(frame_.confirm("Assign " + record_.thumbprint + "?"));
      Result<> stored = apply_or_plan_again([this] { return plan(); }, [this] { return commit(); });
      frame_.log("commit to the store", stored.has_value());
      CERTFERRY_TRY(stored);
    }
    // Also where nothing was to be changed in the store: an earlier run may have been killed before the disk followed.
    CERTFERRY_ASSIGN(const Reconciled reconciled,
                     bring_to_disk(environment_, home_, frame_, types_of(planned_), "Set-CsCertificate"));
    moved_ = !reconciled.changed.empty();
    return {};
  }

  [[nodiscard]] Result<> plan() {
    report::Document& document = frame_.document;
    document.steps.clear();
    document.assignments.clear();
    document.findings.clear();
    CERTFERRY_ASSIGN(store::Store* const store, home_.store());
    catalog_.emplace(*store);
    CERTFERRY_TRY(check_timing(options_.timing));
    CERTFERRY_ASSIGN(const std::vector<std::string> types, home_.config().types.parse_list(options_.types));
    fleet::Scope scope = fleet::Scope::computer(home_.config().computer.fqdn);
    if (options_.identity) {
      CERTFERRY_ASSIGN(scope, fleet::Scope::parse(*options_.identity));
    }
    CERTFERRY_ASSIGN(const Found found, catalog_->find(options_.thumbprint));
    record_ = found.record;
    CERTFERRY_ASSIGN(const fleet::Topology topology, fleet_topology(home_, frame_.now()));
    CERTFERRY_ASSIGN(planned_, plan_assignments(*catalog_, home_.config(), topology, record_.ref(), scope, types,
                                                options_.timing, frame_.now()));
    changes_ = std::ranges::any_of(planned_, [](const PlannedAssignment& plan) { return plan.transition.changed(); });
    if (changes_) CERTFERRY_TRY(check());
    describe(planned_, home_.config(), record_, frame_.now(), document);
    if (options_.what_if) CERTFERRY_TRY(describe_computers(home_, planned_, nullptr, frame_.now(), document));
    return compare();
  }

  [[nodiscard]] Result<> check() {
    CERTFERRY_ASSIGN(const x509::Certificate leaf, catalog_->certificate(record_.sha256));
    Selection selection{leaf, {}, nullptr};
    for (const std::string& sha256 : record_.chain) {
      CERTFERRY_ASSIGN(x509::Certificate issuer, catalog_->certificate(sha256));
      selection.others.push_back(std::move(issuer));
    }
    Trust trust;
    CERTFERRY_ASSIGN(trust.stored, catalog_->anchors());
    CERTFERRY_ASSIGN(const Judgement judgement, judge(environment_, selection, {}, trust, frame_.now(), shared_));
    frame_.document.certificates = chain_facts(leaf, judgement);
    std::vector<fleet::Type> types;
    for (const PlannedAssignment& plan : planned_) {
      CERTFERRY_ASSIGN(fleet::Type type, home_.config().types.get(plan.transition.after.type));
      types.push_back(std::move(type));
    }
    checks::Context context = checks_context(selection, nullptr, home_.config(), std::move(types), frame_.now());
    context.effective = options_.timing.effective;
    context.chain_result = judgement.chain_result;
    const bool tls = std::ranges::any_of(context.types, [](const fleet::Type& type) { return type.tls(); });
    context.require_complete_chain = tls && !options_.accept_incomplete_chain;
    context.require_trust = home_.config().import.require_trust;
    frame_.document.findings = checks::check(context);
    const Result<> fine = sort_and_refuse(frame_.document.findings);
    if (!record_.has_key) {
      return fail(ErrorKind::kRejected, "CF1723", "there is no private key for this certificate in the store",
                  "import it together with its private key");
    }
    return fine;
  }

  // What changes for clients.
  [[nodiscard]] Result<> compare() {
    report::Document& document = frame_.document;
    document.differences.clear();
    for (const PlannedAssignment& plan : planned_) {
      const auto& current = plan.before.assignment.current;
      if (!current || current->certificate.sha256 == record_.sha256) continue;
      CERTFERRY_ASSIGN(const std::optional<Found> old, catalog_->get(current->certificate.sha256));
      if (!old) continue;
      const CertificateRecord& before = old->record;
      document.replaces = before.thumbprint;
      const auto joined = [](const std::vector<std::string>& names) {
        std::string text;
        for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
        return text;
      };
      const auto differ = [&](std::string what, std::string was, std::string is) {
        if (was != is) document.differences.push_back({std::move(what), std::move(was), std::move(is)});
      };
      differ("Subject", before.subject, record_.subject);
      differ("Names", joined(before.names), joined(record_.names));
      differ("Issuer", before.issuer, record_.issuer);
      differ("Valid until", date_text(before.not_after), date_text(record_.not_after));
      differ("Key", before.key, record_.key);
      return {};
    }
    return {};
  }

  [[nodiscard]] Result<> commit() {
    if (!changes_) return {};
    return commit_assignments(environment_, home_, *catalog_, frame_, planned_);
  }

  void headline(const Result<>& done) {
    report::Document& document = frame_.document;
    std::string types;
    for (const PlannedAssignment& plan : planned_) types += (types.empty() ? "" : ", ") + plan.transition.after.type;
    if (!done) {
      document.headline = "Not assigned";
      document.summary = {done.error().kind == ErrorKind::kPartly
                              ? "The store says so, but what is live could not be brought to it."
                              : "Nothing was changed."};
      return;
    }
    const bool pending = options_.timing.effective && *options_.timing.effective > frame_.now();
    if (!changes_ && !moved_) {
      document.status = report::Status::kNothing;
      document.headline = "Already assigned: " + record_.thumbprint;
      document.summary = {"It serves " + types + " already. Nothing was changed."};
      return;
    }
    document.status = options_.what_if ? report::Status::kPlanned
                      : pending        ? report::Status::kPending
                                       : report::Status::kDone;
    document.headline = (options_.what_if ? "Would assign "
                         : pending        ? "Staged "
                                          : "Assigned ") +
                        record_.thumbprint + " for " + types;
    document.summary = {"Subject " + record_.subject + ", valid until " + date_text(record_.not_after) + "."};
    if (pending) document.summary.push_back("It takes over on " + rfc3339(*options_.timing.effective) + ".");
    if (!options_.what_if) frame_.mark_done();
    if (!document.replaces.empty()) {
      document.undo = {"certferry set --type " + types + " --thumbprint " + document.replaces};
    } else if (!planned_.empty()) {
      document.undo = {"certferry remove --type " + types + " --identity " +
                       planned_.front().transition.after.scope.text()};
    }
  }

  Environment& environment_;
  Home& home_;
  const SetOptions& options_;
  Frame frame_;
  Shared shared_;
  std::optional<Catalog> catalog_;
  CertificateRecord record_;
  std::vector<PlannedAssignment> planned_;
  bool changes_ = false;
  bool moved_ = false;
};

}  // namespace

Outcome set_certificate(Environment& environment, Home& home, const SetOptions& options) {
  return Set(environment, home, options).run();
}

}  // namespace certferry::commands
