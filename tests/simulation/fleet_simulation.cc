#include "simulation/fleet_simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "agent/cycle.h"
#include "agent/time_source.h"
#include "commands/catalog.h"
#include "commands/computer.h"
#include "commands/fleet.h"
#include "commands/fleet_files.h"
#include "commands/fleet_members.h"
#include "commands/fleet_status.h"
#include "commands/frame.h"
#include "commands/import.h"
#include "commands/publish.h"
#include "commands/remove.h"
#include "commands/roll.h"
#include "commands/take.h"
#include "fleet/store_keys.h"
#include "simulation/seeded_random.h"

namespace certferry::simulation {
namespace {

using commands::Home;

constexpr std::array<const char*, 3> kTypes = {"Default", "WebServicesExternal", "WebServicesInternal"};
constexpr std::array<const char*, 2> kSites = {"Redmond", "Atlanta"};
constexpr std::array<const char*, 3> kPools = {"", "a.example.com", "b.example.com"};
constexpr unsigned kFewSteps = 12, kManySteps = 120;  // of the disk, until a process dies
constexpr std::chrono::hours kAfterAllDates{24 * 45};

const char* const kRoot = "/simulation/root.pem";

x509::testing::MadeCertificate make_ca(std::uint64_t seed) {
  seed_openssl(seed);
  return x509::testing::make_root("Simulation " + std::to_string(seed));
}

void put_file(CrashingDisk& disk, const std::string& path, std::string_view text) {
  static_cast<void>(make_folders(disk, parent_of(path), 0755));
  static_cast<void>(disk.remove(path));
  static_cast<void>(disk.write_new(path, as_bytes(text), 0644));
  static_cast<void>(disk.sync(path));
  for (std::string folder = parent_of(path); folder.size() > 1; folder = parent_of(folder))
    static_cast<void>(disk.sync(folder));
  static_cast<void>(disk.sync("/"));
}

}  // namespace

FleetSimulation::FleetSimulation(const Plan& plan, std::string folder)
    : plan_(plan), folder_(std::move(folder)), random_(plan.seed), now_(x509::testing::kNow), ca_(make_ca(plan.seed)) {}

void FleetSimulation::tell(const std::string& what) const {
  if (plan_.tell) fmt::print("{:4} {}\n", result_.steps, what);
}

void FleetSimulation::fail(const std::string& why) {
  if (!result_.violation) result_.violation = fmt::format("step {}: {}", result_.steps, why);
}

void FleetSimulation::set_clocks() {
  for (const auto& computer : computers_) computer->clock.set(now_ + computer->clock_error);
}

void FleetSimulation::process(Computer& computer, bool faults, const Action& action) {
  if (computer.ended) computer.kept = computer.newest;
  computer.ended = false;
  if (faults && happens(30)) computer.disk.die_at(below(happens(50) ? kFewSteps : kManySteps));
  try {
    auto home = Home::open(computer.home, Home::Access::kWrite, computer.environment);
    if (!home) return fail(computer.place.fqdn + ": " + home.error().message);
    action(computer.environment, *home);
    computer.disk.live();
    computer.ended = true;
  } catch (const Killed&) {
    ++result_.crashes;
    tell(computer.place.fqdn + " dies");
    const std::uint64_t seed = random_();
    if (happens(50)) {
      computer.disk.lose_power(seed);
      computer.newest = computer.kept;
    } else {
      computer.disk.live();
    }
  }
}

Course FleetSimulation::run() {
  make_fleet();
  while (!result_.violation && result_.steps < plan_.steps) {
    ++result_.steps;
    step();
  }
  if (!result_.violation) converge();
  return result_;
}

void FleetSimulation::make_fleet() {
  for (unsigned i = 0; i <= plan_.computers; ++i) {
    computers_.emplace_back();
    reinstall(i);
  }
  put_file(administrator().disk, kRoot, ca_.pem());
  process(administrator(), false, [&](commands::Environment& environment, Home& home) {
    const commands::Outcome made = commands::init_fleet(environment, home);
    if (made.error) fail(made.error->message);
  });
  administrator().active = true;
  administrator().places.push_back(administrator().place);
  for (unsigned i = 1; i <= plan_.computers; ++i) join(*computers_[i]);
  look_at_store();
}

void FleetSimulation::reinstall(std::size_t index) {
  const std::string fqdn = index == 0 ? "admin.example.com" : fmt::format("web{:02}.example.com", index);
  const std::string path = fmt::format("{}/{}", folder_, made_++);
  std::filesystem::create_directories(path);
  auto& slot = computers_[index];
  slot = std::make_unique<Computer>(fqdn, path, now_);
  put_file(slot->disk, "/proc/sys/kernel/random/boot_id", fmt::format("boot-{}\n", made_));
}

fleet::Computer FleetSimulation::any_place(const std::string& fqdn) {
  fleet::Computer place;
  place.fqdn = fqdn;
  place.site = kSites[below(kSites.size())];
  place.pool = kPools[below(kPools.size())];
  if (happens(50)) {
    place.types.emplace();
    for (const char* type : kTypes) {
      if (happens(60)) place.types->push_back(type);
    }
  }
  return place;
}

fleet::Scope FleetSimulation::any_scope() {
  switch (below(6)) {
    case 0: return fleet::Scope::computer(any().place.fqdn);
    case 1: return fleet::Scope::site(kSites[below(kSites.size())]);
    case 2:
    case 3: return fleet::Scope::pool(kPools[1 + below(kPools.size() - 1)]);
    default: return fleet::Scope::global();
  }
}

FleetSimulation::Use FleetSimulation::any_use() {
  if (!assigned_.empty() && happens(70)) return assigned_[below(assigned_.size())];
  return {any_scope(), kTypes[below(kTypes.size())]};
}

// As `certferry join` and `fleet accept` leave both sides; how they get there is tested elsewhere.
void FleetSimulation::join(Computer& computer) {
  computer.place = any_place(computer.place.fqdn);
  const auto membership = commands::read_membership(administrator().disk, administrator().home);
  if (!membership || !*membership) return fail("the administrator belongs to no fleet");
  fleet::Membership own = **membership;
  own.computer = computer.place;
  fleet::Member member{{own.fleet, 1, now_}, computer.place, {}, {}, "", fleet::Member::State::kActive};
  process(computer, false, [&](commands::Environment& environment, Home& home) {
    const auto make = [&]() -> Result<> {
      CERTFERRY_TRY(home.store());
      const auto key_of = [&](commands::FleetKey key) {
        return commands::read_or_make_key(environment, home.path(), key, {});
      };
      CERTFERRY_ASSIGN(const seal::OwnKey sealing, key_of(commands::FleetKey::kSealing));
      CERTFERRY_ASSIGN(const seal::OwnKey identity, key_of(commands::FleetKey::kIdentity));
      member.sealing_key = to_bytes(sealing.public_key().spki());
      member.identity_key = to_bytes(identity.public_key().spki());
      CERTFERRY_ASSIGN(member.boot_id, commands::boot_id(environment.files));
      return commands::write_membership(environment.files, home.path(), own);
    };
    if (!make()) fail(computer.place.fqdn + " cannot join");
  });
  process(administrator(), false, [&](commands::Environment& environment, Home& home) {
    const auto enter = [&]() -> Result<> {
      CERTFERRY_ASSIGN(const seal::OwnKey key,
                       commands::read_key(environment, home.path(), commands::FleetKey::kAdministrator));
      CERTFERRY_ASSIGN(store::Store* const store, home.store());
      fleet::Member signed_member = member;
      const std::string place = fleet::member_key(computer.place.fqdn);
      CERTFERRY_ASSIGN(const std::optional<store::Entry> before, store->get(place));
      if (before) {
        CERTFERRY_ASSIGN(const seal::Envelope envelope, seal::envelope_from_json(before->value));
        CERTFERRY_ASSIGN(const auto old, fleet::statement_from_json<fleet::Member>(envelope.payload));
        signed_member.head.counter = old.head.counter + 1;
      }
      CERTFERRY_ASSIGN(const seal::Envelope envelope,
                       seal::sign_statement(fleet::Member::kKind, fleet::to_json(signed_member), key));
      store::Batch batch;
      batch.put(place, seal::to_json(envelope));
      CERTFERRY_TRY(store->commit(batch));
      return {};
    };
    if (const auto done = enter(); !done) fail(done.error().message);
  });
  computer.places.push_back(computer.place);
  computer.active = true;
  ++result_.joins;
}

void FleetSimulation::step() {
  const std::uint64_t dice = below(100);
  if (dice < 8) {
    now_ += std::chrono::minutes(below(happens(10) ? 1440 : 60));
    set_clocks();
  } else if (dice < 10) {
    Computer& computer = any();
    computer.clock_error =
        happens(50) ? std::chrono::seconds(0) : std::chrono::minutes(below(40000)) - std::chrono::minutes(10000);
    set_clocks();
    tell(fmt::format("{}'s clock is {} s off", computer.place.fqdn, computer.clock_error.count()));
  } else if (dice < 22) {
    administrate();
    look_at_store();
  } else if (dice < 27) {
    carry_status(any());
  } else {
    Computer& computer = any();
    const fleet::Computer place =
        computer.places.empty() || happens(90) ? computer.place : computer.places[below(computer.places.size())];
    const auto entries = network_.faulty(place, happens(40), random_);
    look(computer, entries, true);
    ++result_.looks;
  }
}

void FleetSimulation::administrate() {
  const std::uint64_t dice = below(100);
  if (dice < 45) import_one(true);
  else if (dice < 60) change_roll(true);
  else if (dice < 67) remove_one(true);
  else if (dice < 90) change_members(true);
  else {
    process(administrator(), true, [&](commands::Environment& environment, Home& home) {
      agent::Remembered remembered;
      static_cast<void>(agent::run_cycle(environment, home, remembered));
      static_cast<void>(commands::publish(environment, home, "Set-CsCertificate", now_));
    });
  }
}

void FleetSimulation::import_one(bool faults, std::optional<Time> date) {
  const auto [scope, type] = date ? Use{fleet::Scope::global(), kTypes[0]} : any_use();
  const std::uint64_t number = ++ledger_.order;
  x509::testing::CertificateSpec spec = x509::testing::server_spec({"*.example.com", "a.example.com", "b.example.com"});
  spec.subject = {{"CN", fmt::format("certificate {} of {}", number, plan_.seed)}};
  spec.not_after = now_ + std::chrono::hours(24 * 300);
  spec.serial = {0x10, static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
  const auto made = x509::testing::make_certificate(spec, &ca_);
  const auto key = x509::PrivateKey::from_pkcs8(made.key.pkcs8());
  const Secret key_pem = key->pem();
  const auto parsed = made.certificate();
  ledger_.issued[parsed.sha256_hex()] = {parsed.pem(), std::string(key_pem.text()), scope.key(), type, number, {}};
  const std::string path = "/simulation/import.pem";
  put_file(administrator().disk, path, made.pem() + ca_.pem() + std::string(key_pem.text()));
  commands::ImportOptions options;
  options.path = path;
  options.identity = scope.text();
  options.types = type;
  options.trust = {kRoot};
  options.exportable = happens(50);
  options.timing.effective = date;
  if (!date && happens(50)) {
    options.timing.effective = now_ + std::chrono::minutes(1 + below(4000));
    options.timing.roll = happens(70);
  }
  ++result_.imports;
  process(administrator(), faults, [&](commands::Environment& environment, Home& home) {
    const commands::Outcome done = commands::import_certificate(environment, home, options);
    tell(fmt::format("import {} {} {}: {}", parsed.sha256_hex().substr(0, 8), scope.text(), type,
                     done.error ? done.error->id + " " + done.error->message : "done"));
  });
}

void FleetSimulation::change_roll(bool faults) {
  const auto [scope, type] = any_use();
  commands::RollOptions options;
  options.identity = scope.text();
  options.types = type;
  const std::array kActions = {commands::RollAction::kNow, commands::RollAction::kCancel, commands::RollAction::kBack};
  options.action = kActions[below(kActions.size())];
  const std::string use = use_key(scope.key(), type);
  if (options.action != commands::RollAction::kNow) ledger_.undone[use] = ++ledger_.order;
  else if (!ledger_.staged[use].empty()) ledger_.issued.at(ledger_.staged[use]).order = ++ledger_.order;
  process(administrator(), faults, [&](commands::Environment& environment, Home& home) {
    const commands::Outcome done = commands::change_roll(environment, home, options);
    if (!done.error) ++result_.rolls_back;
    tell(fmt::format("roll {} {}: {}", scope.text(), type, done.error ? done.error->message : "done"));
  });
}

void FleetSimulation::remove_one(bool faults) {
  const auto [scope, type] = any_use();
  commands::RemoveOptions options;
  options.identity = scope.text();
  options.types = type;
  options.force = true;
  ledger_.undone[use_key(scope.key(), type)] = ++ledger_.order;
  process(administrator(), faults, [&](commands::Environment& environment, Home& home) {
    const commands::Outcome done = commands::remove_certificate(environment, home, options);
    tell(fmt::format("remove {} {}: {}", scope.text(), type, done.error ? done.error->message : "done"));
  });
}

void FleetSimulation::change_members(bool faults) {
  const std::size_t index = 1 + below(computers_.size() - 1);
  Computer& computer = *computers_[index];
  const std::string fqdn = computer.place.fqdn;
  if (!computer.active) {
    reinstall(index);
    computers_[index]->place.fqdn = fqdn;
    join(*computers_[index]);
    tell(fqdn + " joins anew");
    return;
  }
  const std::uint64_t dice = below(10);
  if (dice >= 7) {
    process(administrator(), faults, [&](commands::Environment& environment, Home& home) {
      static_cast<void>(commands::say_farewell(environment, home, fqdn,
                                               dice == 9 ? commands::Farewell::kLost : commands::Farewell::kRemoved));
    });
    tell(fqdn + " leaves");
    return;
  }
  const fleet::Computer place = any_place(fqdn);
  commands::ComputerOptions options;
  options.fqdn = fqdn;
  options.site = place.site;
  options.pool = place.pool;
  options.types = "";
  for (const std::string& type : place.types.value_or(std::vector<std::string>()))
    *options.types += (options.types->empty() ? "" : ",") + type;
  ++result_.moves;
  process(administrator(), faults, [&](commands::Environment& environment, Home& home) {
    const commands::Outcome done = commands::move_computer(environment, home, options);
    if (done.error) tell(fqdn + " is not moved: " + done.error->message);
  });
  tell(fqdn + " moves");
}

std::vector<fleet::Assignment> FleetSimulation::assignments() {
  std::vector<fleet::Assignment> all;
  process(administrator(), false, [&](commands::Environment&, Home& home) {
    auto store = home.store();
    if (!store) return fail(store.error().message);
    const auto stored = commands::Catalog(**store).assignments();
    if (!stored) return fail(stored.error().message);
    for (const commands::StoredAssignment& one : *stored) all.push_back(one.assignment);
  });
  return all;
}

void FleetSimulation::look_at_store() {
  assigned_.clear();
  for (const fleet::Assignment& one : assignments()) {
    if (!one.empty()) assigned_.push_back({one.scope, one.type});
    const auto note = [&](const fleet::Slot& slot) {
      std::optional<Time>& effective = ledger_.issued.at(slot.certificate.sha256).effective;
      effective = std::min(effective.value_or(slot.effective), slot.effective);
    };
    std::string& staged = ledger_.staged[use_key(one.scope.key(), one.type)];
    if (!staged.empty() && !one.names(staged)) ledger_.withdrawn.insert(staged);
    staged = one.next ? one.next->slot.certificate.sha256 : "";
    if (one.current) note(*one.current);
    if (one.next) note(one.next->slot);
    if (one.previous) note(*one.previous);
  }
  process(administrator(), false, [&](commands::Environment&, Home& home) {
    auto store = home.store();
    const auto listing = (*store)->list("fleet/");
    if (!listing) return fail(listing.error().message);
    network_.learn(*listing);
    const auto trust = commands::fleet_trust(home, **store);
    const auto all = commands::fleet_members(**store, *trust, now_);
    for (const commands::StoredMember& one : all->members) {
      const auto found = std::ranges::find_if(
          computers_, [&](const auto& computer) { return computer->place.fqdn == one.member.computer.fqdn; });
      Computer& computer = **found;
      computer.active = one.member.state == fleet::Member::State::kActive;
      if (computer.place == one.member.computer) continue;
      computer.place = one.member.computer;
      computer.places.push_back(computer.place);
    }
  });
  if (auto wrong = violation(administrator(), ledger_, now_)) fail(*wrong);
}

void FleetSimulation::look(Computer& computer, const HostileNetwork::Entries& entries, bool faults) {
  process(computer, faults, [&](commands::Environment& environment, Home& home) {
    commands::Frame frame(environment, home.config().computer.fqdn);
    const auto taken = commands::take_over(environment, home, entries, frame);
    if (!taken) {
      ++result_.refused;
      tell(computer.place.fqdn + " refuses: " + taken.error().id + " " + taken.error().message);
      if (!faults && computer.active) fail(computer.place.fqdn + " refuses what is right: " + taken.error().message);
    }
    if (const auto wrong = violation(computer, ledger_, now_)) fail(*wrong);
    agent::Remembered remembered;
    const auto cycle = agent::run_cycle(environment, home, remembered);
    if (cycle && !faults && std::ranges::find(cycle->findings, "CF1753", &Finding::id) != cycle->findings.end())
      fail(computer.place.fqdn + " raises the alarm although it hears its fleet");
    if (!cycle) return fail(computer.place.fqdn + ": " + cycle.error().id + " " + cycle.error().message);
    for (const std::string& action : cycle->actions) tell(computer.place.fqdn + ": " + action);
    if (happens(20) || !faults) {
      const auto status = commands::current_status(environment, home);
      if (!status) return fail(status.error().message);
      const auto statement = commands::sign_status(environment, home, *status);
      if (!statement) return fail(statement.error().message);
      computer.said.push_back(*statement);
    }
  });
  if (const auto wrong = violation(computer, ledger_, now_)) fail(*wrong);
}

void FleetSimulation::carry_status(Computer& computer) {
  if (computer.said.empty()) return;
  const std::string& statement = happens(70) ? computer.said.back() : computer.said[below(computer.said.size())];
  process(administrator(), true, [&](commands::Environment&, Home& home) {
    auto store = home.store();
    const auto trust = commands::fleet_trust(home, **store);
    static_cast<void>(commands::accept_status(**store, *trust, statement, now_));
  });
}

void FleetSimulation::converge() {
  now_ += kAfterAllDates;
  for (const auto& computer : computers_) computer->clock_error = std::chrono::seconds(0);
  set_clocks();
  import_one(false, now_ + std::chrono::hours(1));
  process(administrator(), false, [&](commands::Environment& environment, Home& home) {
    agent::Remembered remembered;
    if (const auto done = agent::run_cycle(environment, home, remembered); !done) fail(done.error().message);
    if (const auto done = commands::publish(environment, home, "Set-CsCertificate", now_); !done)
      fail(done.error().message);
  });
  look_at_store();
  const std::vector<fleet::Assignment> all = assignments();
  for (const auto& computer : computers_) {
    if (computer == computers_.front()) continue;
    if (!computer->active) {
      const auto entries = network_.honest(computer->place);
      const auto sealed = entries.lower_bound(std::string(fleet::kSealedKeys));
      if (sealed != entries.end() && sealed->first.starts_with(fleet::kSealedKeys))
        fail(computer->place.fqdn + " left, and something is sealed to it");
      continue;
    }
    look(*computer, network_.honest(computer->place), false);
    if (const auto wrong = difference(*computer, all, now_)) fail("in the end " + *wrong);
    if (result_.violation) return;
  }
  freeze();
}

void FleetSimulation::freeze() {
  const std::vector<fleet::Assignment> all = assignments();
  now_ += std::chrono::hours(2) + std::chrono::minutes(1);
  set_clocks();
  for (const auto& computer : computers_) {
    if (computer == computers_.front() || !computer->active) continue;
    process(*computer, false, [&](commands::Environment& environment, Home& home) {
      agent::Remembered remembered;
      const auto cycle = agent::run_cycle(environment, home, remembered);
      if (!cycle) return fail(cycle.error().message);
      if (std::ranges::find(cycle->findings, "CF1753", &Finding::id) == cycle->findings.end())
        fail(computer->place.fqdn + " does not notice that it hears nothing");
    });
    if (const auto wrong = difference(*computer, all, now_)) fail("cut off " + *wrong);
    if (const auto wrong = violation(*computer, ledger_, now_)) fail("cut off " + *wrong);
  }
}

}  // namespace certferry::simulation
