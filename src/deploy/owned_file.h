// Files of services: with the owner, group and mode that a binding says, replaced by one rename.
#pragma once

#include <optional>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "base/secret.h"
#include "deploy/binding.h"

namespace certferry::deploy {

struct Owner {
  unsigned uid = 0;
  unsigned gid = 0;
};

// Whom the file shall belong to; nothing where the caller is not root: nobody else gives files away, a private home's are
// its owner's. CF1661 where this computer has no such account or group.
[[nodiscard]] Result<std::optional<Owner>> owner_of(const BoundFile& file);

// On disk when it returns; readers see the old file or the new one. Errors of base/file.h.
[[nodiscard]] Result<> put_file(FileSystem& files, const std::string& path, const Secret& content, unsigned mode,
                                const std::optional<Owner>& owner);

}  // namespace certferry::deploy
