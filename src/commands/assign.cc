#include "commands/assign.h"

#include <algorithm>
#include <set>

#include "commands/facts.h"
#include "store/audit.h"

namespace certferry::commands {
namespace {

// Events as steps: what an administrator calls them.
std::string sentence(const fleet::Event& event, const CertificateRecord& record, const std::string& where) {
  const std::string label =
      event.sha256 == record.sha256 ? record.thumbprint : "the certificate " + event.sha256.substr(0, 12) + "…";
  switch (event.kind) {
    case fleet::Event::Kind::kStaged: return "stage " + label + " for " + where;
    case fleet::Event::Kind::kPublished: return "publish the key of " + label + " for " + where;
    case fleet::Event::Kind::kPrimary: return "use " + label + " for " + where;
    case fleet::Event::Kind::kPrevious: return "keep " + label + " as previous of " + where;
    case fleet::Event::Kind::kRetired: return "stop using " + label + " for " + where;
    case fleet::Event::Kind::kWithdrawn: return "withdraw " + label + ", which was staged for " + where;
    case fleet::Event::Kind::kExpired: return "drop " + label + ", which expired before its date, from " + where;
  }
  return label;
}

}  // namespace

Result<> check_timing(const Timing& timing) {
  if (timing.roll && !timing.effective) {
    return fail(ErrorKind::kUsage, "CF1752", "-Roll needs to know when: there is no -EffectiveDate",
                "add -EffectiveDate with the date at which the new certificate takes over");
  }
  return {};
}

Result<std::vector<PlannedAssignment>> plan_assignments(Catalog& catalog, const fleet::Config& config,
                                                        const fleet::Topology& topology,
                                                        const fleet::CertificateRef& certificate,
                                                        const fleet::Scope& scope,
                                                        const std::vector<std::string>& types, const Timing& timing,
                                                        Time now) {
  CERTFERRY_TRY(check_timing(timing));
  std::vector<PlannedAssignment> planned;
  for (const std::string& type : types) {
    CERTFERRY_TRY(topology.check(scope, type));
    CERTFERRY_ASSIGN(const fleet::Type profile, config.types.get(type));
    CERTFERRY_ASSIGN(StoredAssignment stored, catalog.assignment(scope, type));
    const fleet::Assignment before = fleet::advance(stored.assignment, profile.window(), now).after;
    // Used already, at the date that is asked for: the same command twice changes nothing.
    const bool in_use =
        before.current && before.current->certificate == certificate && (!timing.effective || *timing.effective <= now);
    const bool staged = before.next && before.next->slot.certificate == certificate && timing.effective &&
                        before.next->slot.effective == *timing.effective && before.next->roll == timing.roll &&
                        !(timing.accept_short_overlap && before.next->lead.count() > 0);
    if (in_use || staged) {
      planned.push_back({std::move(stored), {before, {}}});
      continue;
    }
    Result<fleet::Transition> transition =
        !timing.effective ? fleet::assign_now(before, certificate, now)
        : timing.roll
            ? fleet::roll(before, certificate, *timing.effective, now, {profile.lead, timing.accept_short_overlap})
            : fleet::assign_at(before, certificate, *timing.effective, now);
    if (!transition) return std::unexpected(std::move(transition).error());
    planned.push_back({std::move(stored), std::move(*transition)});
  }
  return planned;
}

Result<std::vector<StoredAssignment>> find_rolled(Catalog& catalog, const fleet::Config& config,
                                                  const x509::Certificate& certificate, Time now) {
  CERTFERRY_ASSIGN(const std::vector<StoredAssignment> all, catalog.assignments());
  std::vector<StoredAssignment> rolled;
  std::set<std::string> replaced;
  std::string candidates;
  for (const StoredAssignment& stored : all) {
    if (!config.computer.in(stored.assignment.scope) || !config.computer.hosts(stored.assignment.type)) continue;
    const fleet::Type* type = config.types.find(stored.assignment.type);
    const fleet::Assignment assignment =
        fleet::advance(stored.assignment, type ? type->window() : std::nullopt, now).after;
    if (!assignment.current) continue;
    CERTFERRY_ASSIGN(const x509::Certificate current, catalog.certificate(assignment.current->certificate.sha256));
    candidates += (candidates.empty() ? "" : ", ") + assignment.type + " uses " + current.thumbprint() + " (" +
                  current->subject.label() + ")";
    const std::vector<std::string> names = current.names();
    const bool covered =
        std::ranges::all_of(names, [&](const std::string& name) { return checks::covers(certificate, name); });
    if (!(current->subject == certificate->subject) || !covered) continue;
    rolled.push_back(stored);
    replaced.insert(current.sha256_hex());
  }
  if (rolled.empty()) {
    return fail(ErrorKind::kRejected, "CF1750",
                "no certificate that is assigned on this computer has this subject and names that the new one covers" +
                    (candidates.empty() ? std::string(": nothing is assigned") : ": " + candidates),
                "import it without -Roll and assign it with Set-CsCertificate -Roll");
  }
  if (replaced.size() > 1) {
    return fail(ErrorKind::kRejected, "CF1751", "the certificate could replace several: " + candidates,
                "import it without -Roll and assign it to each type with Set-CsCertificate -Roll");
  }
  return rolled;
}

Result<> commit_assignments(Environment& environment, Home& home, Catalog& catalog, const Frame& frame,
                            const std::vector<PlannedAssignment>& planned) {
  store::Batch batch;
  for (const PlannedAssignment& plan : planned) {
    if (plan.transition.changed()) catalog.put(batch, plan.before, plan.transition.after);
  }
  CERTFERRY_ASSIGN(store::Store* const store, home.store());
  CERTFERRY_TRY(store::append_audit(*store, batch,
                                    {0, frame.now(), frame.actor(), environment.command_line, frame.actions(), ""}));
  const auto revision = store->commit(batch);
  if (!revision) return std::unexpected(revision.error());
  return {};
}

std::vector<std::string> types_of(const std::vector<PlannedAssignment>& planned) {
  std::vector<std::string> types;
  for (const PlannedAssignment& plan : planned) types.push_back(plan.transition.after.type);
  return types;
}

std::vector<report::AssignmentFacts> assignment_facts(const fleet::Assignment& assignment,
                                                      const std::vector<CertificateRecord>& records) {
  std::vector<report::AssignmentFacts> facts;
  const auto add = [&](std::string place, const fleet::Slot& slot) {
    report::AssignmentFacts fact{
        assignment.type, assignment.scope.text(),   std::move(place), slot.certificate.sha256.substr(0, 16), "",
        slot.effective,  slot.certificate.not_after};
    for (const CertificateRecord& record : records) {
      if (record.sha256 != slot.certificate.sha256) continue;
      fact.thumbprint = record.thumbprint;
      fact.subject = record.subject;
    }
    facts.push_back(std::move(fact));
  };
  if (assignment.current) add("current", *assignment.current);
  if (assignment.next) add("next", assignment.next->slot);
  if (assignment.previous) add("previous", *assignment.previous);
  return facts;
}

void describe(const std::vector<PlannedAssignment>& planned, const fleet::Config& config,
              const CertificateRecord& record, Time now, report::Document& document) {
  for (const PlannedAssignment& plan : planned) {
    const std::string where = plan.transition.after.type + " (" + plan.transition.after.scope.text() + ")";
    for (const fleet::Event& event : plan.transition.events) {
      report::Step step;
      step.computer = config.computer.fqdn;
      step.action = sentence(event, record, where);
      if (event.at > now) step.detail = "on " + rfc3339(event.at);
      document.steps.push_back(std::move(step));
    }
    for (report::AssignmentFacts& fact : assignment_facts(plan.transition.after, {record}))
      document.assignments.push_back(std::move(fact));
  }
}

}  // namespace certferry::commands
