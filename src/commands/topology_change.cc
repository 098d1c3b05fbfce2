// Export and import of topology.h.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "commands/computer.h"
#include "commands/fleet_members.h"
#include "commands/frame.h"
#include "commands/topology.h"
#include "fleet/topology_file.h"

namespace certferry::commands {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kLargest = std::size_t{16} << 20;
constexpr unsigned kFileMode = 0644;

// Those that have joined and did not leave.
Result<fleet::Topology> joined(Home& home, Time now) {
  if (!home.membership()) return std::unexpected(no_fleet());
  CERTFERRY_ASSIGN(store::Store* const store, home.store());
  CERTFERRY_ASSIGN(const seal::Trust trust, fleet_trust(home, *store));
  CERTFERRY_ASSIGN(const Members all, fleet_members(*store, trust, now));
  fleet::Topology topology;
  for (const StoredMember& one : all.members) {
    if (one.member.state != fleet::Member::State::kRemoved) topology.computers.push_back(one.member.computer);
  }
  return topology;
}

std::string types_text(const fleet::Computer& computer) {
  std::string text;
  for (const std::string& type : computer.types.value_or(std::vector<std::string>()))
    text += (text.empty() ? "" : ",") + type;
  return text;
}

std::string place_in_words(const fleet::Computer& computer) {
  std::string text = computer.site.empty() ? "no site" : "site " + computer.site;
  text += computer.pool.empty() ? ", no pool" : ", pool " + computer.pool;
  const std::string types = types_text(computer);
  return text + (!computer.types ? ", all types" : types.empty() ? ", no type" : ", " + types);
}

std::string add_command(const fleet::Computer& computer) {
  std::string text = "certferry computer add " + computer.fqdn;
  if (!computer.site.empty()) text += " --site '" + computer.site + "'";
  if (!computer.pool.empty()) text += " --pool " + computer.pool;
  if (computer.types) text += " --type " + types_text(computer);
  return text;
}

bool same_place(const fleet::Computer& a, const fleet::Computer& b) {
  return a.site == b.site && a.pool == b.pool && a.types == b.types;
}

class Import {
 public:
  Import(Environment& environment, Home& home, const TopologyImport& options)
      : environment_(environment), home_(home), options_(options), frame_(environment, home.config().computer.fqdn) {}

  [[nodiscard]] Outcome run() {
    const Result<> done = carry_out();
    const bool changes = !moves_.empty() || !leaves_.empty();
    report::Document& document = frame_.document;
    document.status = !changes           ? report::Status::kNothing
                      : options_.what_if ? report::Status::kPlanned
                                         : report::Status::kDone;
    document.headline =
        !done              ? "Not everything is where it shall be"
        : !changes         ? "Every computer that has joined is where it shall be"
        : options_.what_if ? "Would bring computers to their places"
                           : "Brought " + std::to_string(moves_.size() + leaves_.size()) + " computers to their places";
    ordered_json missing = ordered_json::array();
    for (const fleet::Computer& computer : missing_) missing.push_back(computer.fqdn);
    return frame_.finish(done, changes,
                         {{"moved", moves_.size()},
                          {"removed", leaves_.size()},
                          {"missing", std::move(missing)},
                          {"changed", changes && done.has_value() && !options_.what_if}});
  }

 private:
  [[nodiscard]] Result<> carry_out() {
    CERTFERRY_TRY(plan());
    if (options_.what_if || (moves_.empty() && leaves_.empty())) return {};
    if (options_.confirm || !leaves_.empty()) CERTFERRY_TRY(frame_.confirm("Change the fleet?"));
    std::size_t step = 0;
    for (const fleet::Computer& computer : moves_) {
      const Outcome moved =
          move_computer(environment_, home_, {computer.fqdn, computer.site, computer.pool, types_text(computer), {}});
      CERTFERRY_TRY(note(step++, moved));
    }
    for (const std::string& fqdn : leaves_)
      CERTFERRY_TRY(note(step++, say_farewell(environment_, home_, fqdn, Farewell::kRemoved)));
    return {};
  }

  [[nodiscard]] Result<> plan() {
    CERTFERRY_ASSIGN(const Secret text,
                     environment_.files.read(options_.path == "-" ? "/dev/stdin" : options_.path, kLargest));
    CERTFERRY_ASSIGN(const fleet::Topology wanted,
                     fleet::topology_from_toml(text.text(), options_.path, home_.config().types));
    CERTFERRY_ASSIGN(const fleet::Topology there, joined(home_, frame_.now()));
    for (const fleet::Computer& computer : wanted.computers) {
      const fleet::Computer* const before = there.find(computer.fqdn);
      if (!before) {
        missing_.push_back(computer);
        tell("CF2411", computer.fqdn + " has not joined", add_command(computer));
      } else if (!same_place(*before, computer)) {
        // There is no way to say "hosts nothing" to `computer move` but this.
        if (computer.types && computer.types->empty()) {
          return fail(ErrorKind::kUsage, "CF2413", options_.path + ": " + computer.fqdn + " would host no type",
                      "leave types out where it hosts all, or remove the computer");
        }
        moves_.push_back(computer);
        step(computer.fqdn, "move it from " + place_in_words(*before) + " to " + place_in_words(computer));
      }
    }
    for (const fleet::Computer& computer : there.computers) {
      if (wanted.find(computer.fqdn) || computer.fqdn == home_.config().computer.fqdn) continue;
      if (options_.prune) {
        leaves_.push_back(computer.fqdn);
        step(computer.fqdn, "remove it from the fleet");
      } else {
        tell("CF2412", computer.fqdn + " is in the fleet and not in " + options_.path, "--prune removes such ones");
      }
    }
    return {};
  }

  void step(const std::string& fqdn, std::string action) {
    frame_.document.steps.push_back({fqdn, std::move(action), report::Step::State::kPlanned, ""});
  }
  void tell(std::string_view id, std::string message, std::string fix) {
    frame_.document.findings.push_back(
        {std::string(id), Severity::kWarning, std::move(message), std::move(fix), "certferry"});
  }

  [[nodiscard]] Result<> note(std::size_t step, const Outcome& outcome) {
    frame_.document.steps[step].state = outcome.error ? report::Step::State::kFailed : report::Step::State::kDone;
    for (const Finding& finding : outcome.document.findings) frame_.document.findings.push_back(finding);
    if (!outcome.error) return {};
    Error error = *outcome.error;
    if (step > 0) error.kind = ErrorKind::kPartly;
    return std::unexpected(std::move(error));
  }

  Environment& environment_;
  Home& home_;
  const TopologyImport& options_;
  Frame frame_;
  std::vector<fleet::Computer> moves_, missing_;
  std::vector<std::string> leaves_;
};

}  // namespace

Outcome export_topology(Environment& environment, Home& home, const std::string& path) {
  Frame frame(environment, home.config().computer.fqdn);
  std::size_t count = 0;
  const auto write = [&]() -> Result<> {
    CERTFERRY_ASSIGN(fleet::Topology topology, joined(home, frame.now()));
    std::ranges::sort(topology.computers, {},
                      [](const fleet::Computer& one) { return std::tie(one.site, one.pool, one.fqdn); });
    count = topology.computers.size();
    const std::string text = fleet::to_toml(
        topology, "The computers of the fleet " + home.membership()->fleet + ": certferry topology --import");
    return replace_file(environment.files, path, as_bytes(text), kFileMode);
  };
  const Result<> done = write();
  frame.document.status = report::Status::kDone;
  frame.document.headline = done ? "Wrote " + path : "Nothing was written";
  return frame.finish(done, false, {{"output", path}, {"computers", count}});
}

Outcome import_topology(Environment& environment, Home& home, const TopologyImport& options) {
  return Import(environment, home, options).run();
}

}  // namespace certferry::commands
