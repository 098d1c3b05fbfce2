#include "deploy/binding_set.h"

#include <algorithm>

#include "deploy/only_root.h"

namespace certferry::deploy {
namespace {

constexpr std::size_t kLargest = 256 * 1024;
constexpr std::string_view kSystemHome = "/var/lib/certferry";

Result<Binding> read_one(FileSystem& files, const std::string& folder, const std::string& name, unsigned owner) {
  const std::string path = folder + "/" + name;
  CERTFERRY_TRY(only_root_changes(files, path, owner));
  CERTFERRY_ASSIGN(const Secret text, files.read(path, kLargest));
  CERTFERRY_ASSIGN(Binding binding, parse_binding(text.text(), name));
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files.status(path));
  if (binding.grant_key && (!status || status->owner != 0)) {
    return fail(ErrorKind::kNotPermitted, "CF1645", path + " grants a private key and is not root's",
                "let root own the file, or leave grant_key out");
  }
  binding.origin = path;
  return binding;
}

}  // namespace

std::string binding_folder(std::string_view home) {
  if (home == kSystemHome) return "/etc/certferry/bindings.d";
  return std::string(home) + "/bindings.d";
}

Result<std::vector<Binding>> read_bindings(FileSystem& files, const std::string& folder, unsigned owner) {
  std::vector<Binding> own;
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files.status(folder));
  if (status) {
    CERTFERRY_TRY(only_root_changes(files, folder, owner));
    CERTFERRY_ASSIGN(const std::vector<std::string> names, files.list(folder));
    for (const std::string& name : names) {
      if (!name.ends_with(".toml") || name.starts_with('.')) continue;
      CERTFERRY_ASSIGN(Binding binding, read_one(files, folder, name, owner));
      const auto twin = std::ranges::find(own, binding.name, &Binding::name);
      if (twin != own.end()) {
        return fail(ErrorKind::kUsage, "CF1646",
                    "the binding '" + binding.name + "' is in " + twin->origin + " and in " + binding.origin,
                    "remove one of the files, or give it another name");
      }
      own.push_back(std::move(binding));
    }
  }
  for (const BuiltInBinding& each : built_in_bindings()) {
    CERTFERRY_ASSIGN(Binding binding, parse_binding(each.text, std::string(each.file)));
    binding.built_in = true;
    if (std::ranges::find(own, binding.name, &Binding::name) == own.end()) own.push_back(std::move(binding));
  }
  std::ranges::sort(own, {}, &Binding::name);
  return own;
}

}  // namespace certferry::deploy
