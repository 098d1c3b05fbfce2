// `certferry fleet`: makes a fleet, shows it, and carries what computers need by file where no network reaches them.
#pragma once

#include <optional>
#include <string>

#include "commands/environment.h"
#include "commands/fleet_files.h"
#include "commands/home.h"
#include "commands/outcome.h"

namespace certferry::commands {

// Makes the fleet's root key, an administrator's key with every right, and this computer's own two keys. Killed anywhere
// and run again it goes on with the keys that are there. CF1766 where the home belongs to another one's fleet.
// New keys are made as `place` says.
[[nodiscard]] Outcome init_fleet(Environment& environment, Home& home, const KeyPlace& place = {});
// Root and administrator's key, as far as they are here: under a new passphrase, or under none.
[[nodiscard]] Outcome change_fleet_passphrase(Environment& environment, Home& home);
// Its fingerprint, and each computer with what is known of it and what it said last.
[[nodiscard]] Outcome show_fleet(Environment& environment, Home& home);

// Writes everything that a computer needs into a file: the fleet's root, delegations, its own statement, the manifests of
// its scopes, and the keys that are sealed to it. Nobody else can open those. CF1767 where the fleet has no such computer.
[[nodiscard]] Outcome write_bundle(Environment& environment, Home& home, const std::string& fqdn,
                                   const std::string& output);
// On that computer: verifies the file, takes over what is new, and brings it to the services.
[[nodiscard]] Outcome take_bundle(Environment& environment, Home& home, const std::string& path);
// Where the fleet is administered: takes over what `certferry join --output` or `certferry fleet report` wrote.
[[nodiscard]] Outcome accept_statement(Environment& environment, Home& home, const std::string& path);

}  // namespace certferry::commands
