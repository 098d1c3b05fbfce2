// <home>/fleet/: what a home knows of the fleet that it belongs to, and its keys in it. Readable by its owner alone.
#pragma once

#include <optional>
#include <string>

#include "base/file.h"
#include "base/result.h"
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
// Makes a new one where there is none; never replaces one.
[[nodiscard]] Result<x509::PrivateKey> read_or_make_key(FileSystem& files, const std::string& home, FleetKey key);

// The certificate that goes with kRelay.
[[nodiscard]] std::string relay_certificate_path(const std::string& home);

// "/proc/sys/kernel/random/boot_id": another one after each start of the computer.
[[nodiscard]] Result<std::string> boot_id(FileSystem& files);

}  // namespace certferry::commands
