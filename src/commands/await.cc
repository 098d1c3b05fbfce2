#include "commands/await.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "commands/awaited.h"
#include "commands/catalog.h"
#include "commands/facts.h"
#include "commands/fleet_files.h"
#include "commands/fleet_members.h"
#include "commands/fleet_status.h"
#include "fleet/store_keys.h"

namespace certferry::commands {
namespace {

using nlohmann::ordered_json;

constexpr std::chrono::milliseconds kLookAgain{1'000};
constexpr std::size_t kNamed = 3;  // of those that are behind, in the message
constexpr std::size_t kMostRows = 1'000;
// Agents speak every 15 minutes.
constexpr std::chrono::minutes kSilentFor{30};

using IsWanted = std::function<bool(const fleet::Assignment&)>;

class Wait {
 public:
  Wait(Environment& environment, Home& home, IsWanted wanted, std::chrono::seconds limit)
      : environment_(environment), home_(home), is_wanted_(std::move(wanted)), limit_(limit) {}

  // Nothing: there is nobody to wait for.
  [[nodiscard]] Result<std::optional<Awaited>> run() {
    CERTFERRY_ASSIGN(store_, home_.store());
    CERTFERRY_ASSIGN(const seal::Trust trust, fleet_trust(home_, *store_));
    CERTFERRY_TRY(begin(trust));
    if (awaited_->total() == 0) return std::optional<Awaited>();
    const auto end = environment_.clock.monotonic() + limit_;
    while (true) {
      if (limit_.count() > 0) show();
      const auto left = std::chrono::floor<std::chrono::milliseconds>(end - environment_.clock.monotonic());
      if (awaited_->settled() || left.count() <= 0) break;
      CERTFERRY_ASSIGN(const bool came, store_->wait(fleet::kStatusKeys, revision_, std::min(left, kLookAgain)));
      static_cast<void>(came);  // an engine may be unable to tell: asking costs little
      CERTFERRY_TRY(hear(trust));
    }
    if (limit_.count() > 0) environment_.ui.parts({}, {});
    return std::move(awaited_);
  }

 private:
  [[nodiscard]] Result<> begin(const seal::Trust& trust) {
    const Time now = environment_.clock.now();
    CERTFERRY_ASSIGN(const Members all, fleet_members(*store_, trust, now));
    std::vector<fleet::Computer> computers;
    for (const StoredMember& one : all.members) {
      const fleet::Computer& computer = one.member.computer;
      if (one.member.state != fleet::Member::State::kActive || computer.fqdn == home_.config().computer.fqdn) continue;
      computers.push_back(computer);
      members_.emplace(fleet::status_key(computer.fqdn), one.member);
    }
    Catalog catalog(*store_);
    CERTFERRY_ASSIGN(const std::vector<StoredAssignment> stored, catalog.assignments());
    std::vector<fleet::Assignment> assignments;
    std::vector<std::size_t> wanted;
    for (const StoredAssignment& one : stored) {
      if (is_wanted_(one.assignment)) wanted.push_back(assignments.size());
      assignments.push_back(one.assignment);
    }
    awaited_.emplace(assignments, wanted, computers, now);
    // Before what is there is read: nothing is missed in between.
    CERTFERRY_ASSIGN(const store::Listing listing, store_->list(fleet::kStatusKeys));
    revision_ = listing.revision;
    for (const store::Entry& entry : listing.entries) hear(trust, entry.key, entry.value);
    return {};
  }

  void hear(const seal::Trust& trust, const std::string& key, const std::string& value) {
    const auto member = members_.find(key);
    if (member == members_.end()) return;
    // What does not verify is not its word: then it has said nothing new.
    if (const auto status = trust.status(value, member->second)) awaited_->heard(status->statement);
  }

  [[nodiscard]] Result<> hear(const seal::Trust& trust) {
    CERTFERRY_ASSIGN(const store::Changes changes, store_->changes(fleet::kStatusKeys, revision_));
    revision_ = changes.revision;
    if (changes.compacted) {
      CERTFERRY_ASSIGN(const store::Listing listing, store_->list(fleet::kStatusKeys));
      revision_ = listing.revision;
      for (const store::Entry& entry : listing.entries) hear(trust, entry.key, entry.value);
      return {};
    }
    for (const store::Change& change : changes.changes) {
      if (change.value) hear(trust, change.key, *change.value);
    }
    return {};
  }

  void show() {
    std::vector<std::string> failed;
    for (const Awaited::Computer& one : awaited_->exceptions()) {
      if (one.state == Awaited::State::kFailed) failed.push_back(one.fqdn + ": " + in_words(one));
    }
    environment_.ui.parts(failed, awaited_->parts());
  }

  Environment& environment_;
  Home& home_;
  const IsWanted is_wanted_;
  const std::chrono::seconds limit_;
  store::Store* store_ = nullptr;
  store::Revision revision_ = 0;
  std::map<std::string, fleet::Member> members_;  // by the key of what they say
  std::optional<Awaited> awaited_;
};

ordered_json to_json(const Awaited& awaited) {
  ordered_json behind = ordered_json::array(), failed = ordered_json::array(), pools = ordered_json::array();
  for (const Awaited::Computer& one : awaited.exceptions()) {
    if (one.state == Awaited::State::kFailed) {
      failed.push_back({{"fqdn", one.fqdn}, {"reason", one.reason}});
    } else {
      behind.push_back({{"fqdn", one.fqdn},
                        {"received", one.state == Awaited::State::kReceived},
                        {"answered", one.answered ? ordered_json(rfc3339(*one.answered)) : ordered_json()}});
    }
  }
  for (const Part& part : awaited.parts())
    pools.push_back({{"pool", part.name}, {"done", part.done}, {"total", part.total}});
  return {{"computers", awaited.total()},
          {"done", awaited.count(Awaited::State::kDone)},
          {"pools", std::move(pools)},
          {"failed", std::move(failed)},
          {"behind", std::move(behind)}};
}

Error not_all(const Awaited& awaited) {
  const std::vector<Awaited::Computer> exceptions = awaited.exceptions();
  std::string text = std::to_string(exceptions.size()) + " of " + std::to_string(awaited.total()) +
                     (exceptions.size() == 1 ? " computers does" : " computers do") + " not have it";
  for (std::size_t i = 0; i < std::min(kNamed, exceptions.size()); ++i)
    text += (i == 0 ? ": " : "; ") + exceptions[i].fqdn + " " + in_words(exceptions[i]);
  if (exceptions.size() > kNamed) text += "; … and " + std::to_string(exceptions.size() - kNamed) + " more";
  const bool failed = awaited.count(Awaited::State::kFailed) > 0;
  return {ErrorKind::kPartly, "CF2408", std::move(text),
          failed
              ? "see `certferry status` on those that failed; the others go on by themselves"
              : "see that their agents run and reach a relay; they go on by themselves, and `certferry fleet` tells"};
}

Result<IsWanted> wanted_by(const Home& home, const AwaitOptions& options) {
  fleet::Scope scope = fleet::Scope::computer(home.config().computer.fqdn);
  if (options.identity) {
    CERTFERRY_ASSIGN(scope, fleet::Scope::parse(*options.identity));
  }
  std::vector<std::string> types;
  if (!options.types.empty()) {
    CERTFERRY_ASSIGN(types, home.config().types.parse_list(options.types));
  }
  return [scope, types](const fleet::Assignment& one) {
    return one.scope == scope && (types.empty() || std::ranges::find(types, one.type) != types.end());
  };
}

}  // namespace

Result<std::optional<Awaited>> await_places(Environment& environment, Home& home,
                                            const std::vector<AwaitedPlace>& places, std::chrono::seconds limit) {
  if (!home.membership()) return std::optional<Awaited>();
  const auto is_wanted = [&](const fleet::Assignment& one) {
    return std::ranges::any_of(
        places, [&](const AwaitedPlace& place) { return place.scope == one.scope && place.type == one.type; });
  };
  return Wait(environment, home, is_wanted, limit).run();
}

Outcome await_computers(Environment& environment, Home& home, const AwaitOptions& options, Outcome outcome) {
  if (outcome.error || !home.membership()) return outcome;
  auto waited = [&]() -> Result<std::optional<Awaited>> {
    CERTFERRY_ASSIGN(IsWanted is_wanted, wanted_by(home, options));
    return Wait(environment, home, std::move(is_wanted), options.limit).run();
  }();
  ordered_json json = ordered_json::parse(outcome.json, nullptr, false);
  const auto end_with = [&](Error error) {
    outcome.document.status = report::Status::kPartly;
    outcome.document.error = error;
    json["status"] = report::name_of(outcome.document.status);
    json["error"] = error_json(&error);
    outcome.error = std::move(error);
  };
  if (!waited) {
    waited.error().kind = ErrorKind::kPartly;
    end_with(std::move(waited.error()));
  } else if (*waited) {
    const Awaited& awaited = **waited;
    json["fleet"] = to_json(awaited);
    const std::size_t done = awaited.count(Awaited::State::kDone);
    outcome.document.summary.push_back(std::to_string(done) + " of " + std::to_string(awaited.total()) +
                                       " computers said that they have it.");
    report::Table table{"Not there yet", {"Computer", "Pool", "State"}, {}};
    for (const Awaited::Computer& one : awaited.exceptions()) {
      if (table.rows.size() < kMostRows) table.rows.push_back({one.fqdn, one.pool, in_words(one)});
    }
    if (!table.rows.empty()) {
      outcome.document.tables.push_back(std::move(table));
      end_with(not_all(awaited));
    }
  }
  outcome.json = dump(json);
  return outcome;
}

Outcome add_computers(Environment& environment, Home& home, const std::optional<AwaitOptions>& of, Judge judge,
                      Outcome outcome) {
  if (!home.membership()) return outcome;
  const auto look = [&]() -> Result<std::optional<Awaited>> {
    CERTFERRY_ASSIGN(const bool administers, has_key(environment.files, home.path(), FleetKey::kAdministrator));
    if (!administers) return std::optional<Awaited>();
    IsWanted is_wanted = [](const fleet::Assignment&) { return true; };
    if (of) {
      CERTFERRY_ASSIGN(is_wanted, wanted_by(home, *of));
    }
    return Wait(environment, home, std::move(is_wanted), std::chrono::seconds(0)).run();
  };
  const auto found = look();
  if (found && !*found) return outcome;
  report::Document& document = outcome.document;
  if (!found) {
    document.findings.push_back({found.error().id, Severity::kWarning,
                                 "the computers cannot be told of: " + found.error().message, found.error().fix,
                                 "certferry"});
    return outcome;
  }
  const Awaited& all = **found;
  const std::vector<Awaited::Computer> behind = all.exceptions(),
                                       silent = all.silent(environment.clock.now() - kSilentFor);
  ordered_json json = ordered_json::parse(outcome.json, nullptr, false);
  json["fleet"] = to_json(all);
  json["fleet"]["silent"] = ordered_json::array();
  report::Table table{"Computers of the fleet", {"Computer", "Pool", "State"}, {}};
  for (const Awaited::Computer& one : behind) table.rows.push_back({one.fqdn, one.pool, in_words(one)});
  for (const Awaited::Computer& one : silent) {
    table.rows.push_back({one.fqdn, one.pool, silence_in_words(one)});
    json["fleet"]["silent"].push_back({{"fqdn", one.fqdn}, {"answered", rfc3339(*one.answered)}});
  }
  const std::size_t exceptions = table.rows.size();
  table.rows.resize(std::min(exceptions, kMostRows));
  document.summary.push_back(std::to_string(all.count(Awaited::State::kDone)) + " of " + std::to_string(all.total()) +
                             " computers of the fleet said that they have what they shall use.");
  if (exceptions > 0) document.tables.push_back(std::move(table));
  if (exceptions > 0 && judge == Judge::kYes && !outcome.error) {
    outcome.error = Error{ErrorKind::kPartly, "CF2424",
                          std::to_string(exceptions) + " of " + std::to_string(all.total()) +
                              " computers of the fleet do not have what they shall use, or do not answer",
                          "see that their agents run and reach a relay; `certferry fleet` tells more of each"};
    document.status = report::Status::kPartly;
    document.error = outcome.error;
    json["status"] = report::name_of(document.status);
    json["error"] = error_json(&*outcome.error);
  }
  outcome.json = dump(json);
  return outcome;
}

}  // namespace certferry::commands
