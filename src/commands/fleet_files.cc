#include "commands/fleet_files.h"

#include "commands/engines.h"
#include "seal/key_file.h"
#include "seal/keys.h"

namespace certferry::commands {
namespace {

constexpr std::size_t kLargest = 64 * 1024;
constexpr unsigned kFolderMode = 0700;
constexpr unsigned kKeyMode = 0600;
constexpr std::string_view kLocked = "CF2409";

std::string folder_of(const std::string& home) { return home + "/fleet"; }
std::string membership_path(const std::string& home) { return folder_of(home) + "/membership.json"; }

std::string name_of(FleetKey key) {
  switch (key) {
    case FleetKey::kRoot: return "root";
    case FleetKey::kAdministrator: return "administrator";
    case FleetKey::kSealing: return "sealing";
    case FleetKey::kIdentity: return "identity";
    case FleetKey::kNextSealing: return "sealing.next";
    case FleetKey::kNextIdentity: return "identity.next";
    case FleetKey::kRelay: return "relay";
  }
  return "";
}

std::string path_of(const std::string& home, FleetKey key) { return folder_of(home) + "/" + name_of(key) + ".key"; }

Result<> write_key(FileSystem& files, const std::string& home, FleetKey which, const x509::PrivateKey& key,
                   const Secret& passphrase) {
  Secret pem = key.pem();
  const bool signs = which == FleetKey::kRoot || which == FleetKey::kAdministrator;
  if (signs && !passphrase.empty()) {
    CERTFERRY_ASSIGN(pem, seal::encrypted_pem(key, passphrase));
  }
  return replace_file(files, path_of(home, which), pem.view(), kKeyMode);
}

Result<Secret> passphrase_of(Environment& environment, const std::string& path) {
  CERTFERRY_ASSIGN(std::optional<Secret> passphrase, environment.ui.passphrase(path));
  if (passphrase) return std::move(*passphrase);
  return fail(
      ErrorKind::kFailed, "CF2409", path + " is under a passphrase or a PIN, and nobody gave it",
      "run the command on a terminal, name a file with it in CERTFERRY_PASSPHRASE_FILE, or give the service the "
      "systemd credential certferry.passphrase");
}

seal::DeviceAccess access_to(Environment& environment, const std::string& path) {
  return {environment.files, [&environment, path] { return passphrase_of(environment, path); }};
}

}  // namespace

std::string relay_certificate_path(const std::string& home) { return folder_of(home) + "/relay.pem"; }

Result<std::optional<fleet::Membership>> read_membership(FileSystem& files, const std::string& home) {
  const std::string path = membership_path(home);
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files.status(path));
  if (!status) return std::optional<fleet::Membership>();
  CERTFERRY_ASSIGN(const Secret text, files.read(path, kLargest));
  auto membership = fleet::statement_from_json<fleet::Membership>(text.text());
  if (membership) return std::optional(std::move(*membership));
  return fail(ErrorKind::kFailed, "CF1761", path + " cannot be read: " + membership.error().message,
              "restore it from a backup, or have the computer join again");
}

Result<> write_membership(FileSystem& files, const std::string& home, const fleet::Membership& membership) {
  CERTFERRY_TRY(make_folders(files, folder_of(home), kFolderMode));
  return replace_file(files, membership_path(home), as_bytes(fleet::to_json(membership) + "\n"), kKeyMode);
}

Result<bool> has_key(FileSystem& files, const std::string& home, FleetKey key) {
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files.status(path_of(home, key)));
  return status.has_value();
}

Result<bool> has_keys_in_devices(FileSystem& files, const std::string& home) {
  for (const FleetKey key : {FleetKey::kRoot, FleetKey::kAdministrator, FleetKey::kSealing, FleetKey::kIdentity,
                             FleetKey::kNextSealing, FleetKey::kNextIdentity}) {
    CERTFERRY_ASSIGN(const bool there, has_key(files, home, key));
    if (!there) continue;
    CERTFERRY_ASSIGN(const Secret text, files.read(path_of(home, key), kLargest));
    if (seal::is_in_device(text.text())) return true;
  }
  return false;
}

Result<seal::OwnKey> read_key(Environment& environment, const std::string& home, FleetKey key) {
  const std::string path = path_of(home, key);
  CERTFERRY_ASSIGN(const bool there, has_key(environment.files, home, key));
  if (!there) {
    return fail(ErrorKind::kFailed, "CF1762", "this computer has no " + path,
                key == FleetKey::kRoot || key == FleetKey::kAdministrator
                    ? "run the command where the fleet is administered, or bring the key here"
                    : "`certferry join TOKEN` makes the keys of a computer");
  }
  CERTFERRY_ASSIGN(const Secret text, environment.files.read(path, kLargest));
  if (seal::is_in_device(text.text())) {
    CERTFERRY_ASSIGN(const Engines* const engines, engines_of(environment));
    return engines->open_device_key(text.text(), access_to(environment, path));
  }
  Secret passphrase;
  if (seal::is_encrypted(text.text())) {
    CERTFERRY_ASSIGN(passphrase, passphrase_of(environment, path));
  }
  return seal::key_from_pem(text.text(), passphrase);
}

bool is_locked(const Error& error) { return error.id == kLocked; }

Result<std::vector<std::string>> change_passphrase(Environment& environment, const std::string& home,
                                                   const Secret& passphrase) {
  // Every one is opened before the first is written: a wrong passphrase changes nothing.
  std::vector<std::pair<FleetKey, seal::OwnKey>> keys;
  for (const FleetKey which : {FleetKey::kRoot, FleetKey::kAdministrator}) {
    CERTFERRY_ASSIGN(const bool there, has_key(environment.files, home, which));
    if (!there) continue;
    CERTFERRY_ASSIGN(seal::OwnKey key, read_key(environment, home, which));
    if (!key.in_memory()) {
      return fail(ErrorKind::kUsage, "CF2422", path_of(home, which) + " only tells which device has the key",
                  "the device's own tools change its PIN");
    }
    keys.emplace_back(which, std::move(key));
  }
  if (keys.empty()) CERTFERRY_TRY(read_key(environment, home, FleetKey::kAdministrator));
  std::vector<std::string> changed;
  for (const auto& [which, key] : keys) {
    CERTFERRY_TRY(write_key(environment.files, home, which, *key.in_memory(), passphrase));
    changed.push_back(path_of(home, which));
  }
  return changed;
}

Result<seal::OwnKey> read_or_make_key(Environment& environment, const std::string& home, FleetKey key,
                                      const KeyPlace& place) {
  FileSystem& files = environment.files;
  CERTFERRY_ASSIGN(const bool there, has_key(files, home, key));
  if (there) return read_key(environment, home, key);
  CERTFERRY_TRY(make_folders(files, folder_of(home), kFolderMode));
  if (place.device.empty()) {
    CERTFERRY_ASSIGN(x509::PrivateKey made, seal::make_key());
    CERTFERRY_TRY(write_key(files, home, key, made, place.passphrase));
    return made;
  }
  CERTFERRY_ASSIGN(const Engines* const engines, engines_of(environment));
  const bool opens = key == FleetKey::kSealing || key == FleetKey::kNextSealing;
  const auto purpose = opens ? seal::DevicePurpose::kAgree : seal::DevicePurpose::kSign;
  CERTFERRY_ASSIGN(const std::string text, engines->make_device_key(place.device, "certferry " + name_of(key), purpose,
                                                                    access_to(environment, place.device)));
  CERTFERRY_TRY(replace_file(files, path_of(home, key), as_bytes(text + "\n"), kKeyMode));
  return read_key(environment, home, key);
}

Result<bool> change_keys(Environment& environment, const std::string& home, const fleet::Member& member) {
  FileSystem& files = environment.files;
  // In this order: as long as a next identity key is there, the change is not over.
  constexpr std::pair<FleetKey, FleetKey> kChanges[] = {{FleetKey::kNextSealing, FleetKey::kSealing},
                                                        {FleetKey::kNextIdentity, FleetKey::kIdentity}};
  bool named = false;
  for (const auto& [next, key] : kChanges) {
    CERTFERRY_ASSIGN(const bool there, has_key(files, home, next));
    if (!there) continue;
    CERTFERRY_ASSIGN(const seal::OwnKey candidate, read_key(environment, home, next));
    const Bytes& wanted = key == FleetKey::kSealing ? member.sealing_key : member.identity_key;
    if (!equal(candidate.public_key().spki(), wanted)) return false;
    named = true;
  }
  if (!named) return false;
  for (const auto& [next, key] : kChanges) {
    const Result<> moved = files.rename(path_of(home, next), path_of(home, key));
    CERTFERRY_ASSIGN(const bool there, has_key(files, home, next));
    if (!moved && there) return std::unexpected(moved.error());
    CERTFERRY_TRY(files.sync(folder_of(home)));
  }
  return true;
}

Result<std::uint64_t> identity_mark(FileSystem& files, const std::string& home) {
  // A key file is never written in place.
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files.status(path_of(home, FleetKey::kIdentity)));
  return status ? status->inode : 0;
}

Result<x509::PrivateKey> read_or_make_relay_key(FileSystem& files, const std::string& home) {
  CERTFERRY_ASSIGN(const bool there, has_key(files, home, FleetKey::kRelay));
  if (there) {
    CERTFERRY_ASSIGN(const Secret pem, files.read(path_of(home, FleetKey::kRelay), kLargest));
    return seal::key_from_pem(pem.text(), Secret());
  }
  CERTFERRY_TRY(make_folders(files, folder_of(home), kFolderMode));
  CERTFERRY_ASSIGN(x509::PrivateKey made, seal::make_key());
  CERTFERRY_TRY(write_key(files, home, FleetKey::kRelay, made, {}));
  return made;
}

Result<std::string> boot_id(FileSystem& files) {
  CERTFERRY_ASSIGN(const Secret text, files.read("/proc/sys/kernel/random/boot_id", kLargest));
  const std::string_view id = text.text();
  return std::string(id.substr(0, id.find('\n')));
}

}  // namespace certferry::commands
