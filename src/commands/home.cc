#include "commands/home.h"

#include <unistd.h>

#include "commands/fleet_files.h"
#include "store/memory/memory_store.h"

namespace certferry::commands {
namespace {

constexpr unsigned kHomeMode = 0755;
constexpr std::size_t kMaxConfig = 1024 * 1024;

std::string variable(const Environment& environment, const std::string& name) {
  const auto it = environment.variables.find(name);
  return it == environment.variables.end() ? "" : it->second;
}

Result<> check_owner(const std::string& path, const FileStatus& status) {
  if (status.kind != FileKind::kFolder && status.kind != FileKind::kSymlink) {
    return fail(ErrorKind::kFailed, "CF1704", path + " is no folder", "name the folder of the home with --home");
  }
  if (status.kind == FileKind::kSymlink) return {};
  if (status.owner != ::geteuid()) {
    return fail(ErrorKind::kNotPermitted, "CF1703",
                "the home " + path + " belongs to another account (uid " + std::to_string(status.owner) + ")",
                "run the command as that account, or name a home of your own with --home");
  }
  if ((status.mode & 022) != 0) {
    return fail(ErrorKind::kNotPermitted, "CF1703", "others may write to the home " + path,
                "chmod go-w " + path + ", after looking at what is in it");
  }
  return {};
}

}  // namespace

Result<std::string> locate_home(std::string_view option, const Environment& environment) {
  std::string path(option);
  if (path.empty()) path = variable(environment, "CERTFERRY_HOME");
  if (path.empty() && ::geteuid() == 0) path = kSystemHome;
  if (path.empty()) {
    return fail(ErrorKind::kNotPermitted, "CF1702", "only root works on this computer's own store",
                "run the command with sudo, or name a store of your own with --home DIR");
  }
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

Result<Home> Home::open(std::string path, Access access, Environment& environment) {
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, environment.files.status(path));
  if (status) CERTFERRY_TRY(check_owner(path, *status));
  std::vector<std::string> unsynced;
  if (!status && access == Access::kWrite) CERTFERRY_TRY(make_folders(environment.files, path, kHomeMode, &unsynced));
  fleet::ConfigSource source;
  source.host_name = environment.host_name;
  source.environment = environment.variables;
  for (const char* own : {"CERTFERRY_HOME", "CERTFERRY_FLEET_PROGRAM"}) source.environment.erase(own);
  std::erase_if(source.environment, [](const auto& entry) { return !entry.first.starts_with("CERTFERRY_"); });
  const std::string config_path = path + "/certferry.toml";
  CERTFERRY_ASSIGN(const std::optional<FileStatus> config_status, environment.files.status(config_path));
  if (config_status) {
    CERTFERRY_ASSIGN(const Secret text, environment.files.read(config_path, kMaxConfig));
    source.text = text.text();
  }
  CERTFERRY_ASSIGN(fleet::Config config, fleet::parse_config(source));
  Home home(std::move(path), access, std::move(config), environment);
  home.unsynced_ = std::move(unsynced);
  CERTFERRY_ASSIGN(home.membership_, read_membership(environment.files, home.path_));
  if (home.membership_) home.config_.computer = home.membership_->computer;
  CERTFERRY_ASSIGN(home.configured_, commands::store_place(home.config_.store.url, home.path_));
  home.place_ = home.configured_;
  if (home.place_.etcd && home.membership_) {
    CERTFERRY_ASSIGN(const bool administers, has_key(environment.files, home.path_, FleetKey::kAdministrator));
    if (!administers) {
      // What its own file holds is its own for good.
      home.configured_.file.clear();
      CERTFERRY_ASSIGN(home.place_, commands::store_place(std::string(fleet::StoreSettings::kEmbedded), home.path_));
    }
  }
  return home;
}

Result<store::Store*> Home::store() {
  if (store_) return store_.get();
  const bool write = access_ == Access::kWrite;
  if (!place_.etcd) {
    CERTFERRY_ASSIGN(const std::optional<FileStatus> status, environment_->files.status(place_.file));
    if (!write && (!status || status->size == 0)) {
      store_ = std::make_unique<store::MemoryStore>();
      return store_.get();
    }
    for (const std::string& folder : unsynced_) CERTFERRY_TRY(environment_->files.sync(folder));
    unsynced_.clear();
    // The new store's sync makes this name durable too. Where it fails, the first certificate's writing tells why.
    if (!status) static_cast<void>(environment_->files.make_folder(path_ + "/certificates", kHomeMode));
  }
  CERTFERRY_ASSIGN(store_, open_store(environment_->engines, place_, write, environment_->files));
  return store_.get();
}

std::function<Result<std::unique_ptr<store::Store>>()> Home::store_opener() const {
  return [engines = environment_->engines, place = configured_]() -> Result<std::unique_ptr<store::Store>> {
    PosixFileSystem files;
    return open_store(engines, place, /*write=*/true, files);
  };
}

}  // namespace certferry::commands
