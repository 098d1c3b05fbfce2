#include "deploy/key_access.h"

#include <algorithm>

#include "base/account.h"

namespace certferry::deploy {
namespace {

constexpr std::string_view kSource = "contract, PrivateKeyExportable";

}  // namespace

ChosenAccess choose_access(bool exportable, const std::vector<std::string>& accounts) {
  ChosenAccess chosen;
  if (!exportable) return chosen;
  for (const std::string& name : accounts) {
    if (const auto account = find_account(name)) {
      chosen.access.readers.push_back(account->uid);
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
