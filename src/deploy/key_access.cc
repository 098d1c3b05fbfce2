#include "deploy/key_access.h"

#include <grp.h>
#include <pwd.h>

#include <algorithm>

namespace certferry::deploy {
namespace {

constexpr std::size_t kEntry = 16384;  // octets that the entry of an account or a group may take
constexpr std::string_view kSource = "contract, PrivateKeyExportable";

std::optional<unsigned> find_account(const std::string& name) {
  passwd entry;
  passwd* found = nullptr;
  std::string buffer(kEntry, '\0');
  if (::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || !found) return std::nullopt;
  return found->pw_uid;
}

std::optional<unsigned> find_group(const std::string& name) {
  group entry;
  group* found = nullptr;
  std::string buffer(kEntry, '\0');
  if (::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || !found) return std::nullopt;
  return found->gr_gid;
}

}  // namespace

ChosenAccess choose_access(bool exportable, const std::vector<std::string>& accounts) {
  ChosenAccess chosen;
  if (!exportable) return chosen;
  for (const std::string& name : accounts) {
    if (const auto account = find_account(name)) {
      chosen.access.readers.push_back(*account);
    } else {
      chosen.findings.push_back(
          {"CF1611", Severity::kWarning,
           "there is no account \"" + name + "\", so that it cannot be allowed to read the private key",
           "correct the name in the config, or create the account and run the command again", std::string(kSource)});
    }
  }
  std::ranges::sort(chosen.access.readers);
  const auto doubled = std::ranges::unique(chosen.access.readers);
  chosen.access.readers.erase(doubled.begin(), doubled.end());
  if (!accounts.empty()) return chosen;

  const std::string name(kServiceGroup);
  if (const auto group = find_group(name)) {
    chosen.access = {.mode = 0640, .group = *group, .readers = {}};
    return chosen;
  }
  chosen.findings.push_back(
      {"CF1610", Severity::kWarning, "there is no group \"" + name + "\", so that root alone can read the private key",
       "create it (groupadd --system certferry), add the service accounts, and run the command again",
       std::string(kSource)});
  return chosen;
}

}  // namespace certferry::deploy
