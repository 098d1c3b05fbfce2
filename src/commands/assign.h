// Plans what an assignment changes: shared by import with -Identity, set and remove.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "commands/catalog.h"
#include "commands/frame.h"
#include "commands/home.h"
#include "fleet/config.h"
#include "report/document.h"

namespace certferry::commands {

// When a certificate takes its place.
struct Timing {
  std::optional<Time> effective;  // nothing: now
  bool roll = false;
  bool accept_short_overlap = false;
};

// One assignment before and after.
struct PlannedAssignment {
  StoredAssignment before;
  fleet::Transition transition;
};

// The transitions that put the certificate into use for the types in that scope; those that change nothing have no
// events. Errors of fleet/assignment.h and fleet/topology.h.
[[nodiscard]] Result<std::vector<PlannedAssignment>> plan_assignments(Catalog& catalog, const fleet::Config& config,
                                                                      const fleet::Topology& topology,
                                                                      const fleet::CertificateRef& certificate,
                                                                      const fleet::Scope& scope,
                                                                      const std::vector<std::string>& types,
                                                                      const Timing& timing, Time now);

// -Roll in the local set: the assignments on this computer whose certificate has the same subject and whose names the
// new one covers. CF1750 where there is none, CF1751 where several certificates fit; both name the candidates.
[[nodiscard]] Result<std::vector<StoredAssignment>> find_rolled(Catalog& catalog, const fleet::Config& config,
                                                                const x509::Certificate& certificate, Time now);

// A future or rolled assignment: CF1752 (usage) where -Roll has no date.
[[nodiscard]] Result<> check_timing(const Timing& timing);

// Writes what the plan changes into the store, with one audit record of the frame's steps. CF1501 where the store changed since.
[[nodiscard]] Result<> commit_assignments(Environment& environment, Home& home, Catalog& catalog, const Frame& frame,
                                          const std::vector<PlannedAssignment>& planned);

// Of the plan, for reconcile().
[[nodiscard]] std::vector<std::string> types_of(const std::vector<PlannedAssignment>& planned);

// Facts and steps for the report; `label` names the certificate.
void describe(const std::vector<PlannedAssignment>& planned, const fleet::Config& config,
              const CertificateRecord& record, Time now, report::Document& document);
[[nodiscard]] std::vector<report::AssignmentFacts> assignment_facts(const fleet::Assignment& assignment,
                                                                    const std::vector<CertificateRecord>& records);

}  // namespace certferry::commands
