// `certferry store`: what the store is and how it is, and its content as a file.
#pragma once

#include <string>

#include "commands/environment.h"
#include "commands/home.h"
#include "commands/outcome.h"

namespace certferry::commands {

// Engine, place, revision, keys, octets; of etcd how its members are. Tells of a store that has moved, too.
[[nodiscard]] Outcome show_store(Environment& environment, Home& home);

// What is to be said about etcd: no compaction, a full quota, a member that is away.
[[nodiscard]] Findings findings_of(const store::EtcdHealth& health);

// Everything of one moment, readable by its owner alone; an existing file is replaced in one step.
[[nodiscard]] Outcome back_up_store(Environment& environment, Home& home, const std::string& file);

struct RestoreOptions {
  bool force = false;  // replaces what the store holds, after a question
  bool what_if = false;
};
// Into a store that is empty: CF1756 else. Interrupted, it is run again: until it has finished nobody can work with the store.
// Where the fleet saw newer statements than the backup holds, publishing signs them with higher counters.
[[nodiscard]] Outcome restore_store(Environment& environment, Home& home, const std::string& file,
                                    const RestoreOptions& options);

}  // namespace certferry::commands
