// An administrator, a store that nobody believes, and many computers, each running the program's own code.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "commands/home.h"
#include "simulation/computer.h"
#include "simulation/hostile_network.h"
#include "simulation/invariants.h"
#include "x509/testing/certificate_maker.h"

namespace certferry::simulation {

struct Plan {
  std::uint64_t seed = 1;
  unsigned computers = 50;
  unsigned steps = 600;
  bool tell = false;  // each step on standard output
};

struct Course {
  std::optional<std::string> violation;  // with the step
  unsigned steps = 0, looks = 0, crashes = 0, refused = 0, imports = 0, rolls_back = 0, moves = 0, joins = 0;

  Course& operator+=(const Course& other);
};

// The same plan gives the same course. `folder`: an empty one on tmpfs, for stores and locks.
class FleetSimulation {
 public:
  FleetSimulation(const Plan& plan, std::string folder);
  [[nodiscard]] Course run();

 private:
  using Action = std::function<void(commands::Environment&, commands::Home&)>;

  [[nodiscard]] std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  [[nodiscard]] bool happens(unsigned percent) { return below(100) < percent; }
  void tell(const std::string& what) const;

  // Opens the computer's home and does that; with faults it may die at any call, and lose what was not synced.
  void process(Computer& computer, bool faults, const Action& action);
  void set_clocks();
  void fail(const std::string& why);

  void make_fleet();
  void join(Computer& computer);
  // A new machine under that name, with an empty disk.
  void reinstall(std::size_t index);
  void step();
  void administrate();
  // At a date: for everybody, without a roll.
  void import_one(bool faults, std::optional<Time> date = {});
  void change_roll(bool faults);
  void remove_one(bool faults);
  void change_members(bool faults);
  // What the administrator's store says after whatever was done, and after whatever was cut short.
  void look_at_store();
  void look(Computer& computer, const HostileNetwork::Entries& entries, bool faults);
  void carry_status(Computer& computer);
  void converge();
  // Nothing comes any more: what is staged happens, and every computer raises the alarm.
  void freeze();
  [[nodiscard]] std::vector<fleet::Assignment> assignments();

  [[nodiscard]] Computer& administrator() { return *computers_.front(); }
  [[nodiscard]] Computer& any() { return *computers_[1 + below(computers_.size() - 1)]; }
  [[nodiscard]] fleet::Scope any_scope();
  struct Use {
    fleet::Scope scope;
    std::string type;
  };
  // As a rule one that something is assigned for.
  [[nodiscard]] Use any_use();
  [[nodiscard]] fleet::Computer any_place(const std::string& fqdn);

  const Plan plan_;
  const std::string folder_;
  std::mt19937_64 random_;
  Time now_;
  x509::testing::MadeCertificate ca_;
  std::vector<std::unique_ptr<Computer>> computers_;  // the administrator's first
  unsigned made_ = 0;  // homes
  std::vector<Use> assigned_;
  HostileNetwork network_;
  Ledger ledger_;
  Course result_;
};

}  // namespace certferry::simulation
