#include "commands/fleet_files.h"

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

std::string path_of(const std::string& home, FleetKey key) {
  switch (key) {
    case FleetKey::kRoot: return folder_of(home) + "/root.key";
    case FleetKey::kAdministrator: return folder_of(home) + "/administrator.key";
    case FleetKey::kSealing: return folder_of(home) + "/sealing.key";
    case FleetKey::kIdentity: return folder_of(home) + "/identity.key";
    case FleetKey::kRelay: return folder_of(home) + "/relay.key";
  }
  return "";
}

Result<> write_key(FileSystem& files, const std::string& home, FleetKey which, const x509::PrivateKey& key,
                   const Secret& passphrase) {
  Secret pem = key.pem();
  if (!passphrase.text().empty()) {
    CERTFERRY_ASSIGN(pem, seal::encrypted_pem(key, passphrase));
  }
  return replace_file(files, path_of(home, which), pem.view(), kKeyMode);
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

Result<x509::PrivateKey> read_key(FileSystem& files, const std::string& home, FleetKey key) {
  const std::string path = path_of(home, key);
  CERTFERRY_ASSIGN(const bool there, has_key(files, home, key));
  if (!there) {
    return fail(ErrorKind::kFailed, "CF1762", "this computer has no " + path,
                key == FleetKey::kRoot || key == FleetKey::kAdministrator
                    ? "run the command where the fleet is administered, or bring the key here"
                    : "`certferry join TOKEN` makes the keys of a computer");
  }
  CERTFERRY_ASSIGN(const Secret pem, files.read(path, kLargest));
  return seal::key_from_pem(pem.text(), Secret());
}

Result<x509::PrivateKey> read_signing_key(Environment& environment, const std::string& home, FleetKey key) {
  CERTFERRY_ASSIGN(const bool there, has_key(environment.files, home, key));
  if (!there) return read_key(environment.files, home, key);
  const std::string path = path_of(home, key);
  CERTFERRY_ASSIGN(const Secret pem, environment.files.read(path, kLargest));
  if (!seal::is_encrypted(pem.text())) return seal::key_from_pem(pem.text(), Secret());
  CERTFERRY_ASSIGN(const std::optional<Secret> passphrase, environment.ui.passphrase(path));
  if (passphrase) return seal::key_from_pem(pem.text(), *passphrase);
  return fail(
      ErrorKind::kFailed, "CF2409", path + " is under a passphrase, and nobody gave it",
      "run the command on a terminal, name a file with it in CERTFERRY_PASSPHRASE_FILE, or give the service the "
      "systemd credential certferry.passphrase");
}

bool is_locked(const Error& error) { return error.id == kLocked; }

Result<std::vector<std::string>> change_passphrase(Environment& environment, const std::string& home,
                                                   const Secret& passphrase) {
  // Every one is opened before the first is written: a wrong passphrase changes nothing.
  std::vector<std::pair<FleetKey, x509::PrivateKey>> keys;
  for (const FleetKey which : {FleetKey::kRoot, FleetKey::kAdministrator}) {
    CERTFERRY_ASSIGN(const bool there, has_key(environment.files, home, which));
    if (!there) continue;
    CERTFERRY_ASSIGN(x509::PrivateKey key, read_signing_key(environment, home, which));
    keys.emplace_back(which, std::move(key));
  }
  if (keys.empty()) CERTFERRY_TRY(read_key(environment.files, home, FleetKey::kAdministrator));
  std::vector<std::string> changed;
  for (const auto& [which, key] : keys) {
    CERTFERRY_TRY(write_key(environment.files, home, which, key, passphrase));
    changed.push_back(path_of(home, which));
  }
  return changed;
}

Result<x509::PrivateKey> read_or_make_key(FileSystem& files, const std::string& home, FleetKey key,
                                          const Secret& passphrase) {
  CERTFERRY_ASSIGN(const bool there, has_key(files, home, key));
  if (there) return read_key(files, home, key);
  CERTFERRY_TRY(make_folders(files, folder_of(home), kFolderMode));
  CERTFERRY_ASSIGN(x509::PrivateKey made, seal::make_key());
  CERTFERRY_TRY(write_key(files, home, key, made, passphrase));
  return made;
}

Result<std::string> boot_id(FileSystem& files) {
  CERTFERRY_ASSIGN(const Secret text, files.read("/proc/sys/kernel/random/boot_id", kLargest));
  const std::string_view id = text.text();
  return std::string(id.substr(0, id.find('\n')));
}

}  // namespace certferry::commands
