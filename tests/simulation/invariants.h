// What must be true after every step, and in the end.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "fleet/assignment.h"
#include "simulation/computer.h"

namespace certferry::simulation {

// A certificate that the administrator imported, each for one use.
struct Issued {
  std::string certificate;  // PEM
  std::string key;          // PEM
  std::string scope;        // fleet::Scope::key()
  std::string type;
  std::uint64_t order = 0;  // among everything that the administrator did
  std::optional<Time> effective;  // may be used from then on; nothing: it never came into the store
};

// What the administrator did, by whom every certificate that appears anywhere is judged.
struct Ledger {
  std::map<std::string, Issued> issued;  // by SHA-256
  std::map<std::string, std::uint64_t> undone;  // when the administrator last went back, by use_key()
  std::map<std::string, std::string> staged;  // by use_key(): SHA-256
  std::set<std::string> withdrawn;  // were staged, and gave way before their date; who did not hear of it uses them
  std::uint64_t order = 0;
};

// Of a scope and a type.
[[nodiscard]] std::string use_key(const std::string& scope, const std::string& type);

// Looks at everything that the services of that computer would read. Notes what is shown in `computer.newest`. What is
// wrong: a mix, a stranger, another computer's, an older generation than before; nothing where all is well.
[[nodiscard]] std::optional<std::string> violation(Computer& computer, const Ledger& ledger, Time now);

// Whether the computer shows exactly what `assignments` give it, and holds no key that it has no use for.
[[nodiscard]] std::optional<std::string> difference(Computer& computer,
                                                    const std::vector<fleet::Assignment>& assignments, Time now);

}  // namespace certferry::simulation
