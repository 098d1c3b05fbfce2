// Brings what lies on disk to what the store says: the one way anything gets into generations/ and live/.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "commands/catalog.h"
#include "commands/environment.h"
#include "commands/frame.h"
#include "commands/home.h"

namespace certferry::commands {

// What shall serve a type on this computer.
struct Target {
  std::string type;
  std::optional<std::string> current;  // SHA-256
  std::optional<std::string> next;
  std::optional<std::string> previous;
  fleet::Scope scope;  // of the assignment that won; meaningless where nothing is assigned
  std::optional<fleet::Slot> slot;  // of `current`
  std::optional<fleet::Next> next_slot;
  std::optional<Time> next_due;  // when that one becomes primary, as far as is known by now
};

// Pure: from all assignments to the targets of every type that this computer hosts and that has ever been assigned.
[[nodiscard]] std::vector<Target> targets(const std::vector<StoredAssignment>& assignments, const fleet::Config& config,
                                          Time now);

struct Reconciled {
  std::vector<std::string> changed;  // types whose live names moved
  std::vector<std::string> published;  // keys that verifiers can learn from now on, as the store knows; sentences
  Findings findings;                 // about who may read keys, and services that cannot be asked
  std::vector<Error> failures;       // one for each type that could not be brought there; the others were

  // Fails with the first of the failures.
  [[nodiscard]] Result<> outcome() const;
};
// Takes the home's lock. Stages what is missing, publishes keys (commands/published_keys.h), moves the names, flips the
// services that have bindings (commands/flip.h), looks at the result, writes into the store since when keys are published. May be killed at any system call and run again. `asked`: the types that a command is about. What
// was rolled back before is tried again for them alone, and what fails for others is a finding; nothing: nobody asked,
// and every failure is told as one. A failure is CF1740 where what is live afterwards is not what it should be, or one of
// commands/flip.h.
[[nodiscard]] Result<Reconciled> reconcile(Environment& environment, Home& home, Time began,
                                           const std::vector<std::string>& asked = {});

// The same for a command, and what the fleet shall know of it (commands/publish.h): logged and its findings told in `frame`,
// also where it fails with the first of the failures. `cmdlet`: whose right to do this is needed in the fleet.
[[nodiscard]] Result<Reconciled> bring_to_disk(Environment& environment, Home& home, Frame& frame,
                                               const std::vector<std::string>& asked, std::string_view cmdlet);

}  // namespace certferry::commands
