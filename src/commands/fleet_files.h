// <home>/fleet/: what a home knows of the fleet that it belongs to, and its keys in it, or where they are. Readable by its owner alone.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/secret.h"
#include "commands/environment.h"
#include "fleet/statements.h"
#include "seal/own_key.h"

namespace certferry::commands {

enum class FleetKey {
  kRoot,  // root.key: delegates; may be kept elsewhere
  kAdministrator,  // administrator.key: signs what shall be
  kSealing,  // sealing.key: opens what is sealed to this computer
  kIdentity,  // identity.key: signs what this computer says
  kNextSealing,  // sealing.next.key, identity.next.key: what a computer changes its keys for, until the fleet knows them
  kNextIdentity,
  kRelay,  // relay.key: of the relay's TLS certificate, relay.pem; always octets
};

// Nothing where the home belongs to no fleet. CF1761 where membership.json cannot be read.
[[nodiscard]] Result<std::optional<fleet::Membership>> read_membership(FileSystem& files, const std::string& home);
// On disk when it returns; the old or the new one at any time.
[[nodiscard]] Result<> write_membership(FileSystem& files, const std::string& home,
                                        const fleet::Membership& membership);

[[nodiscard]] Result<bool> has_key(FileSystem& files, const std::string& home, FleetKey key);
// Whether a device has one of those that are there.
[[nodiscard]] Result<bool> has_keys_in_devices(FileSystem& files, const std::string& home);
// Where its file says that a device has it, that is asked. A passphrase of kRoot and kAdministrator, or a device's PIN, is asked
// for. CF1762 where it is not there, CF22xx where it is none, CF2233 where the passphrase is wrong, CF2409 where nobody knows it.
[[nodiscard]] Result<seal::OwnKey> read_key(Environment& environment, const std::string& home, FleetKey key);
// CF2409: somebody else may know it.
[[nodiscard]] bool is_locked(const Error& error);

// How new keys are kept.
struct KeyPlace {
  Secret passphrase;  // of those that sign; empty: none
  std::string device;  // seal::MakeDeviceKey's place; empty: files have them
};
// Makes a new one where there is none; never replaces one. As read_key(); CF2238, CF2401.
[[nodiscard]] Result<seal::OwnKey> read_or_make_key(Environment& environment, const std::string& home, FleetKey key,
                                                    const KeyPlace& place);
// Puts the next keys in place of the keys where the fleet's statement about this computer names them; whether it did, now or, by
// another process, at the same moment. Killed in between it is done by the next call.
[[nodiscard]] Result<bool> change_keys(Environment& environment, const std::string& home, const fleet::Member& member);
// Another number after each change of the identity key.
[[nodiscard]] Result<std::uint64_t> identity_mark(FileSystem& files, const std::string& home);
// That of the relay's certificate, which TLS needs in memory: always a file's.
[[nodiscard]] Result<x509::PrivateKey> read_or_make_relay_key(FileSystem& files, const std::string& home);
// Puts the keys that sign here under a new passphrase, or takes it off: it is empty. Which; each file is the old or the new one
// at any time. CF2422 (kUsage) where a device has one of them.
[[nodiscard]] Result<std::vector<std::string>> change_passphrase(Environment& environment, const std::string& home,
                                                                 const Secret& passphrase);

// The certificate that goes with kRelay.
[[nodiscard]] std::string relay_certificate_path(const std::string& home);

// "/proc/sys/kernel/random/boot_id": another one after each start of the computer.
[[nodiscard]] Result<std::string> boot_id(FileSystem& files);

}  // namespace certferry::commands
