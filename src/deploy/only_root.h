// What decides what runs as root can be changed by root alone.
#pragma once

#include <string>

#include "base/file.h"
#include "base/result.h"

namespace certferry::deploy {

// CF1645 where `path` is missing, a link, another account's than `owner` or root's, or writable for others.
[[nodiscard]] Result<> only_root_changes(FileSystem& files, const std::string& path, unsigned owner);

}  // namespace certferry::deploy
