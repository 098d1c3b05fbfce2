// The home: the folder that holds the store, the certificates, and what the services read (docs/formats/home.md).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "commands/environment.h"
#include "commands/store_place.h"
#include "fleet/config.h"
#include "fleet/statements.h"
#include "store/store.h"

namespace certferry::commands {

inline constexpr std::string_view kSystemHome = "/var/lib/certferry";

// Where the home is: `option` (--home), else $CERTFERRY_HOME, else kSystemHome for root. CF1702 (kNotPermitted) for
// others without either.
[[nodiscard]] Result<std::string> locate_home(std::string_view option, const Environment& environment);

// An open home. One command uses it, on one thread.
class Home {
 public:
  enum class Access {
    kRead,   // makes nothing, not even the folder; an absent store reads as an empty one
    kWrite,  // makes the folders that are missing, readable by their owner alone
  };
  // Reads the config (an absent one is the default) and looks at the folder's owner: CF1703 (kNotPermitted) where it
  // belongs to somebody else or others may write to it. The store is opened when it is first asked for.
  [[nodiscard]] static Result<Home> open(std::string path, Access access, Environment& environment);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const fleet::Config& config() const { return config_; }
  [[nodiscard]] Access access() const { return access_; }
  // Where the home belongs to a fleet, its computer is what the fleet says that it is, whatever the config says.
  [[nodiscard]] const std::optional<fleet::Membership>& membership() const { return membership_; }
  // After its fleet gave it another place.
  void set_computer(const fleet::Computer& computer) { config_.computer = computer; }
  // The place where the configuration wants it; a computer that joined a fleet has its own in any case. Errors of open_store().
  [[nodiscard]] Result<store::Store*> store();
  [[nodiscard]] const StorePlace& store_place() const { return place_; }
  // Opens the store that the configuration names, which is there, once more: for another thread. May outlive the home.
  [[nodiscard]] std::function<Result<std::unique_ptr<store::Store>>()> store_opener() const;

 private:
  Home(std::string path, Access access, fleet::Config config, Environment& environment)
      : path_(std::move(path)), access_(access), config_(std::move(config)), environment_(&environment) {}

  std::string path_;
  Access access_;
  fleet::Config config_;
  std::optional<fleet::Membership> membership_;
  Environment* environment_;
  StorePlace place_;
  StorePlace configured_;
  std::vector<std::string> unsynced_;  // folders that hold a new folder's name; on disk before the store is relied on
  std::unique_ptr<store::Store> store_;
};

}  // namespace certferry::commands
