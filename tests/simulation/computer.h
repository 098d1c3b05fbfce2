// A simulated computer: its disk, its clock, its home.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "commands/environment.h"
#include "fleet/topology.h"
#include "simulation/crashing_disk.h"

namespace certferry::simulation {

// Nobody is there.
class NoUi final : public commands::Ui {
 public:
  Result<> confirm(std::string_view, const std::vector<std::string>&) override { return {}; }
  Result<std::optional<Secret>> password(std::string_view) override { return std::optional<Secret>(); }
  void progress(std::string_view, std::size_t, std::size_t) override {}
};

struct Computer {
  Computer(const std::string& fqdn, std::string home_path, Time now) : home(std::move(home_path)), clock(now) {
    place.fqdn = fqdn;
    environment.host_name = fqdn;
  }
  Computer(const Computer&) = delete;
  Computer& operator=(const Computer&) = delete;

  const std::string home;  // its store and its lock are real files there, everything else is in `disk`
  CrashingDisk disk;
  ManualClock clock;
  NoUi ui;
  commands::Environment environment{clock, disk, ui, {0, "root"}, "", {}, "certferry agent", {}};
  std::chrono::seconds clock_error{0};

  fleet::Computer place;                 // as the fleet has it now
  std::vector<fleet::Computer> places;   // all that it ever had
  bool active = false;
  std::vector<std::string> said;         // each status it ever signed

  // By scope and type: the newest certificate that it showed, by SHA-256, and whether that was before its date.
  struct Shown {
    std::string sha256;
    bool early = false;
  };
  std::map<std::string, Shown> newest;
  // The same when a process ended by itself last: that is on disk. What one showed that was killed before it synced may be gone
  // with the power.
  std::map<std::string, Shown> kept;
  bool ended = false;
};

}  // namespace certferry::simulation
