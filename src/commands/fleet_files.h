// <home>/fleet/: what a home knows of the fleet that it belongs to, and its keys in it. Readable by its owner alone.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/secret.h"
#include "commands/environment.h"
#include "fleet/statements.h"
#include "x509/private_key.h"

namespace certferry::commands {

enum class FleetKey {
  kRoot,           // root.key: delegates; may be kept elsewhere
  kAdministrator,  // administrator.key: signs what shall be
  kSealing,        // sealing.key: opens what is sealed to this computer
  kIdentity,       // identity.key: signs what this computer says
  kRelay,          // relay.key: of the relay's TLS certificate, relay.pem
};

// Nothing where the home belongs to no fleet. CF1761 where membership.json cannot be read.
[[nodiscard]] Result<std::optional<fleet::Membership>> read_membership(FileSystem& files, const std::string& home);
// On disk when it returns; the old or the new one at any time.
[[nodiscard]] Result<> write_membership(FileSystem& files, const std::string& home,
                                        const fleet::Membership& membership);

[[nodiscard]] Result<bool> has_key(FileSystem& files, const std::string& home, FleetKey key);
// CF1762 where it is not there, CF22xx where it is none.
[[nodiscard]] Result<x509::PrivateKey> read_key(FileSystem& files, const std::string& home, FleetKey key);
// kRoot and kAdministrator, which may be under a passphrase: asked for then. CF2409 where nobody knows it, CF2233 where it is wrong;
// else as above.
[[nodiscard]] Result<x509::PrivateKey> read_signing_key(Environment& environment, const std::string& home,
                                                        FleetKey key);
// That error: somebody else may know it.
[[nodiscard]] bool is_locked(const Error& error);
// Makes a new one where there is none, under `passphrase` where that is not empty; never replaces one.
[[nodiscard]] Result<x509::PrivateKey> read_or_make_key(FileSystem& files, const std::string& home, FleetKey key,
                                                        const Secret& passphrase = {});
// Puts the keys that sign here under a new passphrase, or takes it off: it is empty. Which; each file is the old or the new one
// at any time.
[[nodiscard]] Result<std::vector<std::string>> change_passphrase(Environment& environment, const std::string& home,
                                                                 const Secret& passphrase);

// The certificate that goes with kRelay.
[[nodiscard]] std::string relay_certificate_path(const std::string& home);

// "/proc/sys/kernel/random/boot_id": another one after each start of the computer.
[[nodiscard]] Result<std::string> boot_id(FileSystem& files);

}  // namespace certferry::commands
