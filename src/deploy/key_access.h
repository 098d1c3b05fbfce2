// Who may read a private key: PrivateKeyExportable of the contract.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/finding.h"

namespace certferry::deploy {

// Who may read a key's file. Its owner is who runs certferry.
using KeyAccess = FileAccess;

inline constexpr std::string_view kServiceGroup = "certferry";

struct ChosenAccess {
  KeyAccess access;
  Findings findings;  // warnings
};

// False: 0600, the owner alone. True: an access list for the `accounts` that the services run as, or, where none is
// named, 0640 with the group `certferry`; without that group as False, with the warning CF1610. An account that this
// computer does not know is left out with the warning CF1611.
[[nodiscard]] ChosenAccess choose_access(bool exportable, const std::vector<std::string>& accounts = {});

}  // namespace certferry::deploy
