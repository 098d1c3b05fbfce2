// Who may read a private key: PrivateKeyExportable of the contract.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/finding.h"

namespace certferry::deploy {

// Owner and mode of a key's file. The owner is who runs certferry.
struct KeyAccess {
  unsigned mode = 0600;
  std::optional<unsigned> group;  // gid; nothing: the process's own

  bool operator==(const KeyAccess&) const = default;
};

inline constexpr std::string_view kServiceGroup = "certferry";

struct ChosenAccess {
  KeyAccess access;
  Findings findings;  // CF1610 (warning): no such group, so that the owner alone can read the key
};

// False: 0600, the owner alone. True: 0640 with the group `certferry`, in which the service accounts are; without that
// group as False, with a warning.
[[nodiscard]] ChosenAccess choose_access(bool exportable);

}  // namespace certferry::deploy
