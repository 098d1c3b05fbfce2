// `certferry computer`: which computers belong to the fleet. And `certferry join`, on one of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
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
  std::vector<std::string> relays;   // for the token
};

// Prints a join token, good for fifteen minutes and for that name alone. CF1771 where such a computer has joined.
[[nodiscard]] Outcome add_computer(Environment& environment, Home& home, const ComputerOptions& options);
// Another site, pool or types: what it shall have follows.
[[nodiscard]] Outcome move_computer(Environment& environment, Home& home, const ComputerOptions& options);
enum class Farewell {
  kLost,     // somebody else may have its keys: lists the certificates to have issued anew
  kRemoved,  // it left: its name may join again
};
// Nothing is sealed to it any more, and what was is taken back.
[[nodiscard]] Outcome say_farewell(Environment& environment, Home& home, const std::string& fqdn, Farewell farewell);

// Makes this computer's keys and writes the statement with which it joins to `output`. Killed and run again with the same
// token it goes on with the same keys. CF1766 where it belongs to a fleet.
[[nodiscard]] Outcome join_fleet(Environment& environment, Home& home, std::string_view token,
                                 const std::string& output);

}  // namespace certferry::commands
