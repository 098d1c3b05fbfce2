// `certferry computer`: which computers belong to the fleet.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "commands/environment.h"
#include "commands/home.h"
#include "commands/outcome.h"

namespace certferry::commands {

struct ComputerOptions {
  std::string fqdn;
  std::optional<std::string> site;   // nothing: as it is
  std::optional<std::string> pool;
  std::optional<std::string> types;  // separated by commas; empty: all
  std::vector<std::string> relays;   // for the token; none: those that are known
  bool rekey = false;                // a member, for new keys; stays where it is
};

// Prints a join token, good for fifteen minutes and for that name alone. CF1771 where such a computer has joined, CF1767 where none
// has whose keys could be changed.
[[nodiscard]] Outcome add_computer(Environment& environment, Home& home, const ComputerOptions& options);
// Another site, pool or types: what it shall have follows.
[[nodiscard]] Outcome move_computer(Environment& environment, Home& home, const ComputerOptions& options);
enum class Farewell {
  kLost,  // somebody else may have its keys: lists the certificates to have issued anew
  kRemoved,  // it left: its name may join again
};
// Nothing is sealed to it any more, and what was is taken back.
[[nodiscard]] Outcome say_farewell(Environment& environment, Home& home, const std::string& fqdn, Farewell farewell);

// After the copy of a quarantined computer is gone: goes on with the one that is left. CF1794.
[[nodiscard]] Outcome release_computer(Environment& environment, Home& home, const std::string& fqdn);

// Those who asked to join without a token, with their fingerprints.
[[nodiscard]] Outcome show_applicants(Environment& environment, Home& home);
// Takes the one in that has that fingerprint, at the place of `options`. CF2404 where there is none.
[[nodiscard]] Outcome approve_computer(Environment& environment, Home& home, const ComputerOptions& options,
                                       const std::string& fingerprint);

}  // namespace certferry::commands
