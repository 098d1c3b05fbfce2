// The bindings there are: those built in (bindings/*.toml) and the administrator's, which replace them by name.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "deploy/binding.h"

namespace certferry::deploy {

struct BuiltInBinding {
  std::string_view file;  // "nginx.toml"
  std::string_view text;
};
// By name.
[[nodiscard]] std::span<const BuiltInBinding> built_in_bindings();

// Where an administrator's bindings are for a home: /etc/certferry/bindings.d for the system's, else <home>/bindings.d.
[[nodiscard]] std::string binding_folder(std::string_view home);

// All by name. An absent folder is an empty one; files in it that do not end in .toml are not looked at. `owner` is who
// may own files there: root, or whom a private home belongs to. CF1645 where a file can be written by others, and where
// it says grant_key and is not root's; CF1646 two files of one name; CF1640 to CF1644; those of base/file.h.
[[nodiscard]] Result<std::vector<Binding>> read_bindings(FileSystem& files, const std::string& folder, unsigned owner);

}  // namespace certferry::deploy
