#include "deploy/certbot_hooks.h"

#include <unistd.h>

#include <algorithm>

#include "deploy/only_root.h"
#include "deploy/materials.h"
#include "deploy/program.h"

namespace certferry::deploy {
namespace {

constexpr std::size_t kLargest = 4 * 1024 * 1024;
constexpr unsigned kExecutable = 0111;

Result<std::string> names_of(FileSystem& files, const std::string& lineage) {
  CERTFERRY_ASSIGN(const Secret pem, files.read(lineage + "/cert.pem", kLargest));
  CERTFERRY_ASSIGN(const std::vector<x509::Certificate> found, certificates_from_pem(pem.text()));
  std::string names;
  if (found.empty()) return names;
  for (const std::string& name : found.front().names()) names += (names.empty() ? "" : " ") + name;
  return names;
}

}  // namespace

Result<> run_certbot_hooks(Process& process, FileSystem& files, const Binding& binding, const BindingPlace& place,
                           const std::string& folder) {
  CERTFERRY_TRY(only_root_changes(files, folder, ::geteuid()));
  CERTFERRY_ASSIGN(std::vector<std::string> hooks, files.list(folder));
  std::ranges::sort(hooks);
  CERTFERRY_ASSIGN(const std::string names, names_of(files, place.live()));
  for (const std::string& name : hooks) {
    const std::string path = folder + "/" + name;
    CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files.status(path));
    const bool runs = status && status->kind == FileKind::kFile && (status->mode & kExecutable) != 0;
    if (!runs || name.ends_with('~')) continue;
    CERTFERRY_TRY(only_root_changes(files, path, ::geteuid()));
    Command command;
    command.argv = {path};
    command.environment = {{"RENEWED_LINEAGE", place.live()}, {"RENEWED_DOMAINS", names}};
    command.limit = binding.limits.reload;
    CERTFERRY_TRY(run_program(process, command, "", "CF1664"));
  }
  return {};
}

}  // namespace certferry::deploy
