// Brings what lies on disk to what the store says: the one way anything gets into generations/ and live/.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "commands/catalog.h"
#include "commands/environment.h"
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
};

// Pure: from all assignments to the targets of every type that this computer hosts and that has ever been assigned.
[[nodiscard]] std::vector<Target> targets(const std::vector<StoredAssignment>& assignments, const fleet::Config& config,
                                          Time now);

struct Reconciled {
  std::vector<std::string> changed;  // types whose live names moved
  Findings findings;                 // about who may read keys, and services that cannot be asked
  std::vector<Error> failures;       // one for each type that could not be brought there; the others were

  // Fails with the first of the failures.
  [[nodiscard]] Result<> outcome() const;
};
// Takes the home's lock. Stages what is missing, moves the names, looks at the result. May be killed at any system call and run again.
// A failure is CF1740 where what is live afterwards is not what it should be. Services with bindings are reloaded and asked: the errors of commands/flip.h. What was rolled back before is tried again
// only with `retry`, when somebody asked for it.
enum class Retry { kNo, kYes };
[[nodiscard]] Result<Reconciled> reconcile(Environment& environment, Home& home, Time now, Retry retry = Retry::kYes);

}  // namespace certferry::commands
