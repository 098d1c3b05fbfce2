#include "commands/remove.h"

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

class Remove {
 public:
  Remove(Environment& environment, Home& home, const RemoveOptions& options)
      : environment_(environment), home_(home), options_(options), frame_(environment, home.config().computer.fqdn) {}

  [[nodiscard]] Outcome run() {
    const Result<> done = carry_out();
    headline(done);
    return frame_.finish(done, true, {{"changed", done.has_value() && !options_.what_if}});
  }

 private:
  [[nodiscard]] Result<> carry_out() {
    Result<> planned = plan();
    frame_.log("plan", planned.has_value());
    if (!planned || options_.what_if) return planned;
    // What is in use is asked for even without -Confirm.
    if (options_.confirm || (!options_.force && in_use_))
      CERTFERRY_TRY(frame_.confirm(in_use_ ? "The certificate is in use. Stop using it?" : "Go on?"));
    Result<> stored = apply_or_plan_again([this] { return plan(); }, [this] { return commit(); });
    frame_.log("commit to the store", stored.has_value());
    CERTFERRY_TRY(stored);
    const auto reconciled = bring_to_disk(environment_, home_, frame_, types_of(planned_), "Remove-CsCertificate");
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
    std::vector<std::string> types;
    CERTFERRY_ASSIGN(const std::vector<StoredAssignment> all, catalog_->assignments());
    std::string elsewhere;
    for (const StoredAssignment& stored : all) {
      if (stored.assignment.empty()) continue;
      if (stored.assignment.scope == scope) types.push_back(stored.assignment.type);
      else
        elsewhere +=
            (elsewhere.empty() ? "" : ", ") + stored.assignment.type + " (" + stored.assignment.scope.text() + ")";
    }
    if (!options_.types.empty()) {
      CERTFERRY_ASSIGN(types, home_.config().types.parse_list(options_.types));
    }
    if (types.empty()) {
      return fail(
          ErrorKind::kFailed, "CF1760",
          "nothing is assigned to " + scope.text() + (elsewhere.empty() ? "" : "; assigned elsewhere: " + elsewhere),
          elsewhere.empty() ? "`certferry get` shows what is assigned" : "name the scope with -Identity");
    }
    in_use_ = false;
    for (const std::string& type : types) {
      CERTFERRY_ASSIGN(StoredAssignment stored, catalog_->assignment(scope, type));
      const fleet::Type* profile = home_.config().types.find(type);
      const fleet::Assignment before =
          fleet::advance(stored.assignment, profile ? profile->window() : std::nullopt, frame_.now()).after;
      Result<fleet::Transition> transition =
          options_.previous ? fleet::remove_previous(before, frame_.now()) : fleet::remove(before, frame_.now());
      if (!transition) {
        Error error = transition.error();
        if (!elsewhere.empty()) error.fix = "assigned elsewhere: " + elsewhere + "; name the scope with -Identity";
        return std::unexpected(std::move(error));
      }
      in_use_ = in_use_ || (!options_.previous && before.current);
      planned_.push_back({std::move(stored), std::move(*transition)});
    }
    describe(planned_, home_.config(), {}, frame_.now(), frame_.document);
    if (options_.what_if) CERTFERRY_TRY(describe_computers(home_, planned_, nullptr, frame_.now(), frame_.document));
    frame_.document.assignments.clear();
    return {};
  }

  [[nodiscard]] Result<> commit() { return commit_assignments(environment_, home_, *catalog_, frame_, planned_); }

  void headline(const Result<>& done) {
    report::Document& document = frame_.document;
    if (!done) {
      document.headline = "Not removed";
      document.summary = {"Nothing was changed."};
      return;
    }
    std::string types;
    for (const PlannedAssignment& plan : planned_) types += (types.empty() ? "" : ", ") + plan.transition.after.type;
    document.status = options_.what_if ? report::Status::kPlanned : report::Status::kDone;
    document.headline = (options_.what_if ? "Would remove " : "Removed ") +
                        std::string(options_.previous ? "the previous certificate of " : "the certificate of ") + types;
    document.summary = {"The certificate itself stays in the store."};
    if (!options_.what_if) frame_.mark_done();
    const auto& before = planned_.front().before.assignment;
    if (!options_.previous && before.current) {
      document.undo = {"certferry set --type " + types + " --identity " + before.scope.text() + " --thumbprint " +
                       before.current->certificate.sha256.substr(0, 16)};
    }
  }

  Environment& environment_;
  Home& home_;
  const RemoveOptions& options_;
  Frame frame_;
  std::optional<Catalog> catalog_;
  std::vector<PlannedAssignment> planned_;
  bool in_use_ = false;
};

}  // namespace

Outcome remove_certificate(Environment& environment, Home& home, const RemoveOptions& options) {
  return Remove(environment, home, options).run();
}

}  // namespace certferry::commands
