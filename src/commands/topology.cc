#include "commands/topology.h"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/ascii.h"
#include "commands/awaited.h"
#include "commands/catalog.h"
#include "commands/facts.h"
#include "commands/fleet_members.h"
#include "commands/fleet_status.h"
#include "commands/frame.h"
#include "commands/heartbeat.h"
#include "fleet/topology_file.h"
#include "report/fleet_picture.h"

namespace certferry::commands {
namespace {

using nlohmann::ordered_json;
using Mood = report::PictureComputer::Mood;

constexpr unsigned kFileMode = 0644;
constexpr std::size_t kMostTold = 20;  // computers of a pool, line by line

struct SeenUse {
  std::string type, scope, sha256, subject;
  Time not_after{};
  std::string state;  // what the computer says of it; "not told"
  Mood mood = Mood::kWaiting;
};
struct SeenComputer {
  fleet::Computer computer;
  std::string state;  // of its membership
  std::optional<Time> answered;
  std::vector<SeenUse> uses;
  Mood mood = Mood::kGood;
  bool is_here = false;
};
using Pools = std::map<std::string, std::vector<SeenComputer>>;
using Sites = std::map<std::string, Pools>;

std::string site_name(const std::string& site) { return site.empty() ? "No site" : site; }
std::string pool_name(const std::string& pool) { return pool.empty() ? "No pool" : pool; }

std::string types_of(const fleet::Computer& computer) {
  if (!computer.types) return "all types";
  std::string text;
  for (const std::string& type : *computer.types) text += (text.empty() ? "" : ", ") + type;
  return text.empty() ? "no type" : text;
}

std::string day(Time time) { return rfc3339(time).substr(0, 10); }

std::string uses_in_words(const std::vector<SeenUse>& uses) {
  std::string text;
  for (const SeenUse& use : uses) text += (text.empty() ? "" : "; ") + use.type + " " + use.state;
  return text;
}

Mood mood_of(fleet::ReportedUse::State state) {
  switch (state) {
    case fleet::ReportedUse::State::kActive:
    case fleet::ReportedUse::State::kVerified: return Mood::kGood;
    case fleet::ReportedUse::State::kFailed:
    case fleet::ReportedUse::State::kRolledBack: return Mood::kBad;
    case fleet::ReportedUse::State::kReceived:
    case fleet::ReportedUse::State::kStaged: break;
  }
  return Mood::kWaiting;
}

class Looker {
 public:
  Looker(Home& home, store::Store& store, Time now) : home_(home), store_(store), now_(now) {}

  [[nodiscard]] Result<Sites> look(Findings& findings) {
    CERTFERRY_ASSIGN(const seal::Trust trust, fleet_trust(home_, store_));
    CERTFERRY_ASSIGN(const Members all, fleet_members(store_, trust, now_));
    findings = all.findings;
    Catalog catalog(store_);
    CERTFERRY_ASSIGN(const std::vector<StoredAssignment> stored, catalog.assignments());
    for (const StoredAssignment& one : stored) assignments_.push_back(one.assignment);
    Sites sites;
    for (const StoredMember& one : all.members) {
      if (one.member.state == fleet::Member::State::kRemoved) continue;
      CERTFERRY_ASSIGN(const std::optional<fleet::Status> status, last_status(store_, trust, one.member));
      CERTFERRY_ASSIGN(SeenComputer seen, see(one.member, status, catalog));
      sites[seen.computer.site][seen.computer.pool].push_back(std::move(seen));
    }
    return sites;
  }

 private:
  [[nodiscard]] Result<SeenComputer> see(const fleet::Member& member, const std::optional<fleet::Status>& status,
                                         Catalog& catalog) const {
    SeenComputer seen{member.computer, std::string(fleet::name_of(member.state)), {}, {}, Mood::kGood, false};
    if (status) seen.answered = status->head.issued;
    // Of the computer itself nobody but its own store tells.
    const bool is_here = member.computer.fqdn == home_.config().computer.fqdn;
    seen.is_here = is_here;
    std::set<std::string> types;
    for (const fleet::Assignment& assignment : assignments_) types.insert(assignment.type);
    for (const std::string& type : types) {
      const auto resolved = fleet::resolve(assignments_, member.computer, type, now_);
      if (!resolved) continue;
      SeenUse use{type,
                  assignments_[resolved->assignment].scope.text(),
                  resolved->slot.certificate.sha256,
                  "",
                  {},
                  "not told",
                  Mood::kWaiting};
      CERTFERRY_ASSIGN(const std::optional<Found> found, catalog.get(use.sha256));
      if (found) use.subject = found->record.subject;
      use.not_after = resolved->slot.certificate.not_after;
      if (is_here) {
        use.state = "here";
        use.mood = Mood::kGood;
      }
      for (const fleet::ReportedUse& said : status ? status->uses : std::vector<fleet::ReportedUse>()) {
        if (!equal_ignoring_case(said.type, type) || said.sha256 != use.sha256) continue;
        use.state = std::string(fleet::name_of(said.state)) + (said.reason.empty() ? "" : ": " + said.reason);
        use.mood = mood_of(said.state);
      }
      seen.mood = std::max(seen.mood, use.mood);
      seen.uses.push_back(std::move(use));
    }
    if (!is_here && (!status || now_ > status->head.issued + kSilenceAlarms))
      seen.mood = std::max(seen.mood, Mood::kSilent);
    if (member.state != fleet::Member::State::kActive) seen.mood = Mood::kBad;
    return seen;
  }

  Home& home_;
  store::Store& store_;
  const Time now_;
  std::vector<fleet::Assignment> assignments_;
};

// The uses that all of a pool have alike, as a line.
std::string shared_uses(const std::vector<SeenComputer>& computers) {
  std::string text;
  for (const SeenUse& use : computers.front().uses) {
    const bool shared = std::ranges::all_of(computers, [&](const SeenComputer& one) {
      return std::ranges::any_of(
          one.uses, [&](const SeenUse& other) { return other.type == use.type && other.sha256 == use.sha256; });
    });
    if (!shared) continue;
    text += (text.empty() ? "" : " · ") + use.type + ": " + use.subject + " until " + day(use.not_after) + " (" +
            use.scope + ")";
  }
  return text;
}

report::FleetPicture picture_of(const Sites& sites, const std::string& fleet, Time now) {
  report::FleetPicture picture;
  std::array<std::size_t, 4> counts{};
  for (const auto& [site, pools] : sites) {
    report::PictureSite drawn{site_name(site), {}};
    for (const auto& [pool, computers] : pools) {
      report::PicturePool drawn_pool{pool_name(pool), shared_uses(computers), {}};
      for (const SeenComputer& one : computers) {
        ++counts.at(static_cast<std::size_t>(one.mood));
        const std::string heard = one.answered ? "; answered " + rfc3339(*one.answered) : "";
        const std::string state = one.state == "active" ? "" : one.state + "; ";
        drawn_pool.computers.push_back({one.computer.fqdn, state + uses_in_words(one.uses) + heard, one.mood});
      }
      drawn.pools.push_back(std::move(drawn_pool));
    }
    picture.sites.push_back(std::move(drawn));
  }
  std::size_t total = 0;
  for (const std::size_t count : counts) total += count;
  picture.title = std::to_string(counts[0]) + " of " + std::to_string(total) + " computers serve what they shall";
  picture.subtitle = "Fleet " + fleet.substr(0, 16) + "…, " + rfc3339(now);
  return picture;
}

// Of a large pool those where something is to be seen; the others are counted.
std::vector<const SeenComputer*> told_of(const std::vector<SeenComputer>& computers) {
  std::vector<const SeenComputer*> told;
  for (const SeenComputer& one : computers) {
    if (computers.size() <= kMostTold || (one.mood != Mood::kGood && told.size() < kMostTold)) told.push_back(&one);
  }
  return told;
}

report::Table tree_of(const Sites& sites) {
  report::Table table{"", {"Fleet", "Hosts", "Uses", "Answered"}, {}};
  for (const auto& [site, pools] : sites) {
    table.rows.push_back({site_name(site), "", "", ""});
    for (auto pool = pools.begin(); pool != pools.end(); ++pool) {
      const bool last_pool = std::next(pool) == pools.end();
      table.rows.push_back({(last_pool ? "└ " : "├ ") + pool_name(pool->first), "", "", ""});
      const std::string before = last_pool ? "  " : "│ ";
      const std::vector<const SeenComputer*> told = told_of(pool->second);
      const std::size_t others = pool->second.size() - told.size();
      for (const SeenComputer* const one : told) {
        const bool last = one == told.back() && others == 0;
        const std::string uses = uses_in_words(one->uses);
        table.rows.push_back({before + (last ? "└ " : "├ ") + one->computer.fqdn, types_of(one->computer),
                              one->state == "active" ? uses : one->state + (uses.empty() ? "" : "; " + uses),
                              one->is_here    ? "here"
                              : one->answered ? rfc3339(*one->answered)
                                              : "never"});
      }
      if (others > 0) table.rows.push_back({before + "└ … " + std::to_string(others) + " more", "", "", ""});
    }
  }
  return table;
}

std::string_view name_of(Mood mood) {
  constexpr std::array<std::string_view, 4> kNames = {"good", "waiting", "silent", "bad"};
  return kNames.at(static_cast<std::size_t>(mood));
}

ordered_json to_json(const Sites& sites) {
  ordered_json json = ordered_json::array();
  for (const auto& [site, pools] : sites) {
    ordered_json list = ordered_json::array();
    for (const auto& [pool, computers] : pools) {
      ordered_json members = ordered_json::array();
      for (const SeenComputer& one : computers) {
        ordered_json uses = ordered_json::array();
        for (const SeenUse& use : one.uses)
          uses.push_back({{"use", use.type},
                          {"scope", use.scope},
                          {"sha256", use.sha256},
                          {"not_after", rfc3339(use.not_after)},
                          {"state", use.state}});
        members.push_back({{"fqdn", one.computer.fqdn},
                           {"types", one.computer.types ? ordered_json(*one.computer.types) : ordered_json()},
                           {"state", one.state},
                           {"answered", one.answered ? ordered_json(rfc3339(*one.answered)) : ordered_json()},
                           {"is", name_of(one.mood)},
                           {"uses", std::move(uses)}});
      }
      list.push_back({{"pool", pool}, {"computers", std::move(members)}});
    }
    json.push_back({{"site", site}, {"pools", std::move(list)}});
  }
  return json;
}

Result<> write_picture(FileSystem& files, const std::string& path, const report::FleetPicture& picture) {
  const std::string lower = ascii_lower(path);
  if (lower.ends_with(".svg")) return replace_file(files, path, as_bytes(report::to_svg(picture)), kFileMode);
  if (lower.ends_with(".html")) return replace_file(files, path, as_bytes(report::to_page(picture)), kFileMode);
  return fail(ErrorKind::kUsage, "CF2410", "what shall be drawn into " + path + "?",
              "name a file that ends in .svg or .html");
}

}  // namespace

Outcome show_topology(Environment& environment, Home& home, const std::string& output) {
  Frame frame(environment, home.config().computer.fqdn);
  ordered_json sites = ordered_json::array(), fleet = nullptr;
  const auto look = [&]() -> Result<> {
    if (!home.membership()) return std::unexpected(no_fleet());
    CERTFERRY_ASSIGN(store::Store* const store, home.store());
    const store::Reading reading(*store);
    CERTFERRY_ASSIGN(const Sites seen, Looker(home, *store, frame.now()).look(frame.document.findings));
    fleet = home.membership()->fleet;
    const report::FleetPicture picture = picture_of(seen, home.membership()->fleet, frame.now());
    if (!output.empty()) CERTFERRY_TRY(write_picture(environment.files, output, picture));
    sites = to_json(seen);
    frame.document.headline = picture.title;
    if (!output.empty()) frame.document.summary = {"Drawn in " + output + "."};
    if (!seen.empty()) frame.document.tables.push_back(tree_of(seen));
    return {};
  };
  const Result<> done = look();
  frame.document.status = report::Status::kShown;
  return frame.finish(done, false, {{"fleet", std::move(fleet)}, {"sites", std::move(sites)}});
}

}  // namespace certferry::commands
