#include "deploy/key_access.h"

#include <grp.h>

namespace certferry::deploy {

ChosenAccess choose_access(bool exportable) {
  ChosenAccess chosen;
  if (!exportable) return chosen;
  group entry;
  group* found = nullptr;
  std::string buffer(16384, '\0');
  const std::string name(kServiceGroup);
  if (::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) == 0 && found) {
    chosen.access = {0640, found->gr_gid};
    return chosen;
  }
  chosen.findings.push_back({"CF1610", Severity::kWarning,
                             "there is no group \"" + name + "\", so that root alone can read the private key",
                             "create it (groupadd --system certferry), add the service accounts, and run the command again",
                             "contract, PrivateKeyExportable"});
  return chosen;
}

}  // namespace certferry::deploy
