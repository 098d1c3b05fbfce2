#include "commands/replace.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "commands/affected.h"
#include "commands/assign.h"
#include "commands/attempts.h"
#include "commands/await.h"
#include "commands/fleet_members.h"
#include "commands/frame.h"
#include "commands/import.h"
#include "commands/reconcile.h"
#include "commands/replacement.h"
#include "commands/set.h"
#include "store/audit.h"

namespace certferry::commands {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kInOneCommit = 20;  // assignments; each is a few keys, and a commit has its limit

// What a place shall serve; nothing: its assignment is removed.
struct Wanted {
  AwaitedPlace place;
  std::string from;  // only where this serves now, or nothing does: somebody else's choice stays
  std::optional<std::string> to;
};

// One replacement, from wherever it is.
class Replacer {
 public:
  Replacer(Environment& environment, Home& home)
      : environment_(environment), home_(home), frame(environment, home.config().computer.fqdn) {}

  [[nodiscard]] Result<> begin(Replacement replacement) {
    replacement_ = std::move(replacement);
    CERTFERRY_ASSIGN(store_, home_.store());
    return save("begin to replace what is " + replacement_.reason);
  }

  // Empty: the last one.
  [[nodiscard]] Result<> load(const std::string& id) {
    CERTFERRY_ASSIGN(store_, home_.store());
    CERTFERRY_ASSIGN(const store::Listing all, store_->list(kReplacementKeys));
    for (const store::Entry& entry : all.entries) {
      CERTFERRY_ASSIGN(Replacement one, replacement_from_json(entry.value));
      if (!id.empty() && one.id != id) continue;
      replacement_ = std::move(one);
      revision_ = entry.revision;
    }
    const Replacement::State state = replacement_.state;
    const bool over = state == Replacement::State::kDone || state == Replacement::State::kAborted;
    if (revision_ != 0 && !over) return {};
    return fail(ErrorKind::kUsage, "CF2420",
                revision_ == 0 ? "there is no such replacement"
                               : "the replacement " + replacement_.id + " is " + std::string(name_of(state)),
                "`certferry replace list` shows them");
  }

  [[nodiscard]] Result<> run(bool pause, std::chrono::seconds limit) {
    while (replacement_.done < replacement_.waves.size()) {
      const bool last = replacement_.done + 1 == replacement_.waves.size();
      CERTFERRY_ASSIGN(const std::vector<Wanted> wanted, wanted_of_wave(replacement_.done));
      replacement_.begun_waves = std::max(replacement_.begun_waves, replacement_.done + 1);
      replacement_.state = Replacement::State::kRunning;
      CERTFERRY_TRY(save());
      CERTFERRY_TRY(assign(wanted));
      CERTFERRY_TRY(await(wanted, limit));
      if (last) CERTFERRY_TRY(assign(taken_back()));
      ++replacement_.done;
      if (pause && !last) {
        replacement_.state = Replacement::State::kPaused;
        return save();
      }
      CERTFERRY_TRY(save());
    }
    replacement_.state = Replacement::State::kDone;
    return save("replaced what was " + replacement_.reason);
  }

  [[nodiscard]] Result<> give_back() {
    std::vector<Wanted> wanted = taken_back();
    for (const ReplacedUse& use : replacement_.uses) {
      const bool by_scope = replacement_.begun_waves == replacement_.waves.size();
      if (by_scope || use.scope.kind == fleet::Scope::Kind::kComputer)
        wanted.push_back({{use.scope, use.type}, use.after, use.before});
    }
    CERTFERRY_TRY(assign(wanted));
    replacement_.state = Replacement::State::kAborted;
    return save("give back what was " + replacement_.reason);
  }

  [[nodiscard]] const Replacement& replacement() const { return replacement_; }

 private:
  [[nodiscard]] Result<> save(const std::string& action = "") {
    store::Batch batch;
    const std::string key = std::string(kReplacementKeys) + replacement_.id;
    batch.expect(key, revision_);
    batch.put(key, to_json(replacement_));
    if (!action.empty())
      CERTFERRY_TRY(store::append_audit(
          *store_, batch, {0, environment_.clock.now(), frame.actor(), environment_.command_line, {action}, ""}));
    CERTFERRY_ASSIGN(revision_, store_->commit(batch));
    return {};
  }

  // Those that a wave is about: the scopes themselves in the last one, its computers before.
  [[nodiscard]] Result<std::vector<Wanted>> wanted_of_wave(std::size_t wave) {
    std::vector<Wanted> wanted;
    if (wave + 1 == replacement_.waves.size()) {
      for (const ReplacedUse& use : replacement_.uses) wanted.push_back({{use.scope, use.type}, use.before, use.after});
      return wanted;
    }
    CERTFERRY_ASSIGN(const fleet::Topology topology, fleet_topology(home_, environment_.clock.now()));
    for (const std::string& fqdn : replacement_.waves[wave]) {
      const fleet::Computer* const computer = topology.find(fqdn);
      if (!computer) continue;  // it left meanwhile
      for (const ReplacedUse& use : replacement_.uses) {
        if (!computer->in(use.scope) || !computer->hosts(use.type) || has_narrower(*computer, use)) continue;
        wanted.push_back({{fleet::Scope::computer(fqdn), use.type}, use.before, use.after});
      }
    }
    return wanted;
  }

  // Of two affected scopes that a computer is in the narrower one counts.
  [[nodiscard]] bool has_narrower(const fleet::Computer& computer, const ReplacedUse& use) const {
    for (const fleet::Scope& scope : computer.scopes()) {
      if (scope == use.scope) return false;
      if (std::ranges::any_of(replacement_.uses,
                              [&](const ReplacedUse& other) { return other.scope == scope && other.type == use.type; }))
        return true;
    }
    return false;
  }

  // The assignments of computers that waves made.
  [[nodiscard]] std::vector<Wanted> taken_back() const {
    std::vector<Wanted> wanted;
    for (std::size_t wave = 0; wave + 1 < replacement_.waves.size() && wave < replacement_.begun_waves; ++wave) {
      for (const std::string& fqdn : replacement_.waves[wave]) {
        const fleet::Scope own = fleet::Scope::computer(fqdn);
        for (const ReplacedUse& use : replacement_.uses) {
          const bool was_there = std::ranges::any_of(replacement_.uses, [&](const ReplacedUse& other) {
            return other.scope == own && other.type == use.type;
          });
          if (!was_there) wanted.push_back({{own, use.type}, use.after, std::nullopt});
        }
      }
    }
    return wanted;
  }

  [[nodiscard]] Result<> assign(const std::vector<Wanted>& wanted) {
    std::vector<std::string> types;
    for (std::size_t begin = 0; begin < wanted.size(); begin += kInOneCommit) {
      const std::vector<Wanted> part(
          wanted.begin() + static_cast<std::ptrdiff_t>(begin),
          wanted.begin() + static_cast<std::ptrdiff_t>(std::min(wanted.size(), begin + kInOneCommit)));
      Catalog catalog(*store_);
      std::vector<PlannedAssignment> planned;
      const auto plan = [&]() -> Result<> {
        planned.clear();
        for (const Wanted& one : part) CERTFERRY_TRY(plan_one(catalog, one, planned));
        frame.document.steps.clear();
        describe(planned, home_.config(), {}, frame.now(), frame.document);
        frame.document.assignments.clear();
        return {};
      };
      CERTFERRY_TRY(plan());
      if (!planned.empty())
        CERTFERRY_TRY(apply_or_plan_again(
            plan, [&] { return commit_assignments(environment_, home_, catalog, frame, planned); }));
      environment_.ui.progress("assignments", std::min(wanted.size(), begin + kInOneCommit), wanted.size());
    }
    for (const Wanted& one : wanted) types.push_back(one.place.type);
    std::ranges::sort(types);
    types.erase(std::ranges::unique(types).begin(), types.end());
    if (types.empty()) return {};
    CERTFERRY_ASSIGN(const Reconciled reconciled,
                     bring_to_disk(environment_, home_, frame, types, "Set-CsCertificate"));
    return {};
  }

  [[nodiscard]] Result<> plan_one(Catalog& catalog, const Wanted& wanted, std::vector<PlannedAssignment>& planned) {
    const Time now = environment_.clock.now();
    CERTFERRY_ASSIGN(const fleet::Type profile, home_.config().types.get(wanted.place.type));
    CERTFERRY_ASSIGN(StoredAssignment stored, catalog.assignment(wanted.place.scope, wanted.place.type));
    const fleet::Assignment before = fleet::advance(stored.assignment, profile.window(), now).after;
    const std::string serves = before.current ? before.current->certificate.sha256 : "";
    if (wanted.to ? serves == *wanted.to : serves.empty()) return {};
    // Of a computer nothing served by an assignment of its own; of anything else somebody chose anew meanwhile.
    if (!serves.empty() && serves != wanted.from) return {};
    if (!wanted.to) {
      CERTFERRY_ASSIGN(fleet::Transition transition, fleet::remove(before, now));
      planned.push_back({std::move(stored), std::move(transition)});
      return {};
    }
    CERTFERRY_ASSIGN(const std::optional<Found> found, catalog.get(*wanted.to));
    if (!found)
      return fail(ErrorKind::kFailed, "CF2421", "the certificate " + *wanted.to + " is not in the store any more",
                  "import it again");
    CERTFERRY_ASSIGN(fleet::Transition transition, fleet::assign_now(before, found->record.ref(), now));
    planned.push_back({std::move(stored), std::move(transition)});
    return {};
  }

  [[nodiscard]] Result<> await(const std::vector<Wanted>& wanted, std::chrono::seconds limit) {
    std::vector<AwaitedPlace> places;
    for (const Wanted& one : wanted) places.push_back(one.place);
    CERTFERRY_ASSIGN(const std::optional<Awaited> awaited, await_places(environment_, home_, places, limit));
    if (!awaited) return {};
    const std::vector<Awaited::Computer> exceptions = awaited->exceptions();
    if (exceptions.empty()) return {};
    replacement_.state = Replacement::State::kFailed;
    CERTFERRY_TRY(save());
    report::Table table{"Not there", {"Computer", "Pool", "State"}, {}};
    for (const Awaited::Computer& one : exceptions) table.rows.push_back({one.fqdn, one.pool, in_words(one)});
    const std::string first = exceptions.front().fqdn + " " + in_words(exceptions.front());
    frame.document.tables.push_back(std::move(table));
    return fail(ErrorKind::kPartly, "CF2416",
                "wave " + std::to_string(replacement_.done + 1) + " of " + std::to_string(replacement_.waves.size()) +
                    " stopped: " + std::to_string(exceptions.size()) + " of " + std::to_string(awaited->total()) +
                    " computers: " + first,
                "look there, then `certferry replace resume " + replacement_.id + "`; or `certferry replace abort " +
                    replacement_.id + "` gives back what served before");
  }

  Environment& environment_;
  Home& home_;
  store::Store* store_ = nullptr;
  Replacement replacement_;
  store::Revision revision_ = 0;

 public:
  Frame frame;
};

ordered_json json_of(const Replacement& replacement) {
  ordered_json json = ordered_json::parse(to_json(replacement));
  json.erase("schema");
  ordered_json waves = ordered_json::array();
  for (const auto& wave : replacement.waves) waves.push_back(wave.size());
  json["waves"] = std::move(waves);
  return json;
}

std::string sizes_of(const Replacement& replacement) {
  std::string text;
  for (const auto& wave : replacement.waves) text += (text.empty() ? "" : ", ") + std::to_string(wave.size());
  return text;
}

Outcome finish(Replacer& replacer, const Result<>& done) {
  Frame& frame = replacer.frame;
  const Replacement& replacement = replacer.replacement();
  using State = Replacement::State;
  frame.document.status = report::Status::kDone;
  frame.document.headline =
      !done                               ? "Not everything was replaced"
      : replacement.state == State::kDone ? "Replaced what was " + replacement.reason
      : replacement.state == State::kAborted
          ? "Everything has what it had before"
          : "Wave " + std::to_string(replacement.done) + " of " + std::to_string(replacement.waves.size()) + " has it";
  if (done && replacement.state == State::kPaused)
    frame.document.summary = {"It goes on with: certferry replace resume " + replacement.id};
  frame.mark_done();
  return frame.finish(done, true, replacement.id.empty() ? ordered_json::object() : json_of(replacement));
}

// The files, imported; what they are called and cover.
Result<std::vector<Candidate>> import_all(Environment& environment, Home& home, const ReplaceOptions& options,
                                          Frame& frame) {
  std::vector<Candidate> candidates;
  for (const std::string& path : options.with) {
    ImportOptions import;
    import.path = path;
    import.password = options.password;
    import.trust = options.trust;
    import.what_if = options.what_if;
    const Outcome outcome = import_certificate(environment, home, import);
    for (const Finding& finding : outcome.document.findings) frame.document.findings.push_back(finding);
    if (outcome.error) return std::unexpected(*outcome.error);
    const report::CertificateFacts& leaf = outcome.document.certificates.front();
    candidates.push_back({leaf.sha256, leaf.names});
  }
  return candidates;
}

Result<std::string> reason_of(const ReplaceOptions& options) {
  const int named =
      (options.issued_by.empty() ? 0 : 1) + (options.key.empty() ? 0 : 1) + (options.thumbprint.empty() ? 0 : 1);
  if (named != 1 || options.with.empty()) {
    return fail(ErrorKind::kUsage, "CF2419", "what is to be replaced, and with what?",
                "certferry replace --thumbprint HEX --with FILE; or --issued-by NAME, or --key SHA256");
  }
  return !options.issued_by.empty() ? "issued by " + options.issued_by
         : !options.key.empty()     ? "of the key " + options.key
                                    : options.thumbprint;
}

// Computers that use one of them now.
Result<std::vector<std::string>> computers_of(Home& home, const std::vector<ReplacedUse>& uses, Catalog& catalog,
                                              Time now) {
  std::vector<std::string> fqdns;
  if (!home.membership()) return fqdns;
  CERTFERRY_ASSIGN(const fleet::Topology topology, fleet_topology(home, now));
  CERTFERRY_ASSIGN(const std::vector<StoredAssignment> stored, catalog.assignments());
  std::vector<fleet::Assignment> assignments;
  for (const StoredAssignment& one : stored) assignments.push_back(one.assignment);
  for (const fleet::Computer& computer : topology.computers) {
    if (computer.fqdn == home.config().computer.fqdn) continue;  // it follows with the scopes
    const bool serves = std::ranges::any_of(uses, [&](const ReplacedUse& use) {
      const auto used = fleet::resolve(assignments, computer, use.type, now);
      return used && assignments[used->assignment].scope == use.scope;
    });
    if (serves) fqdns.push_back(computer.fqdn);
  }
  return fqdns;
}

Result<Replacement> plan_replacement(Environment& environment, Home& home, const ReplaceOptions& options,
                                     Frame& frame) {
  const Time now = frame.now();
  Replacement replacement;
  CERTFERRY_ASSIGN(replacement.reason, reason_of(options));
  CERTFERRY_TRY(make_waves({}, options.waves));  // before anything is imported
  CERTFERRY_ASSIGN(store::Store* const store, home.store());
  Catalog catalog(*store);
  CERTFERRY_ASSIGN(const std::vector<Affected> affected,
                   find_affected(catalog, {options.issued_by, options.key, options.thumbprint}));
  if (affected.empty()) {
    return fail(ErrorKind::kRejected, "CF2417", "no assignment serves a certificate that is " + replacement.reason,
                "`certferry get --all` lists what is stored");
  }
  CERTFERRY_ASSIGN(const std::vector<Candidate> candidates, import_all(environment, home, options, frame));
  CERTFERRY_ASSIGN(replacement.uses, choose_replacements(affected, candidates));
  CERTFERRY_ASSIGN(std::vector<std::string> computers, computers_of(home, replacement.uses, catalog, now));
  CERTFERRY_ASSIGN(replacement.waves, make_waves(std::move(computers), options.waves));
  replacement.begun = now;
  replacement.id = rfc3339(now);
  std::erase_if(replacement.id, [](char c) { return c == '-' || c == ':'; });
  for (const ReplacedUse& use : replacement.uses)
    frame.document.steps.push_back({home.config().computer.fqdn,
                                    "replace " + use.before.substr(0, 12) + "… with " + use.after.substr(0, 12) +
                                        "… for " + use.type + " (" + use.scope.text() + ")",
                                    report::Step::State::kPlanned, ""});
  if (options.what_if) return replacement;
  // With all checks of an assignment, before the first computer gets anything.
  for (const ReplacedUse& use : replacement.uses) {
    SetOptions set;
    set.thumbprint = use.after;
    set.types = use.type;
    set.identity = use.scope.text();
    set.what_if = true;
    const Outcome outcome = set_certificate(environment, home, set);
    if (outcome.error) return std::unexpected(*outcome.error);
  }
  return replacement;
}

}  // namespace

Outcome replace_certificates(Environment& environment, Home& home, const ReplaceOptions& options) {
  Replacer replacer(environment, home);
  Frame& frame = replacer.frame;
  auto planned = plan_replacement(environment, home, options, frame);
  if (!planned || options.what_if) {
    frame.document.status = report::Status::kPlanned;
    frame.document.headline = planned ? "Would replace what is " + planned->reason : "Nothing was replaced";
    if (planned) frame.document.summary = {"In waves of " + sizes_of(*planned) + " computers."};
    const Result<> done = planned ? Result<>() : std::unexpected(planned.error());
    return frame.finish(done, planned.has_value(), planned ? json_of(*planned) : ordered_json::object());
  }
  const auto go = [&]() -> Result<> {
    if (options.confirm)
      CERTFERRY_TRY(frame.confirm("Replace them, in waves of " + sizes_of(*planned) + " computers?"));
    CERTFERRY_TRY(replacer.begin(std::move(*planned)));
    return replacer.run(options.pause, options.limit);
  };
  return finish(replacer, go());
}

Outcome resume_replacement(Environment& environment, Home& home, const std::string& id, bool pause,
                           std::chrono::seconds limit) {
  Replacer replacer(environment, home);
  const auto go = [&]() -> Result<> {
    CERTFERRY_TRY(replacer.load(id));
    return replacer.run(pause, limit);
  };
  return finish(replacer, go());
}

Outcome abort_replacement(Environment& environment, Home& home, const std::string& id) {
  Replacer replacer(environment, home);
  const auto go = [&]() -> Result<> {
    CERTFERRY_TRY(replacer.load(id));
    return replacer.give_back();
  };
  return finish(replacer, go());
}

Outcome list_replacements(Environment& environment, Home& home) {
  Frame frame(environment, home.config().computer.fqdn);
  ordered_json json = ordered_json::array();
  const auto look = [&]() -> Result<> {
    CERTFERRY_ASSIGN(store::Store* const store, home.store());
    CERTFERRY_ASSIGN(const store::Listing all, store->list(kReplacementKeys));
    report::Table table{"", {"Replacement", "Of what", "Waves", "Done", "State"}, {}};
    for (const store::Entry& entry : all.entries) {
      CERTFERRY_ASSIGN(const Replacement one, replacement_from_json(entry.value));
      table.rows.push_back(
          {one.id, one.reason, sizes_of(one), std::to_string(one.done), std::string(name_of(one.state))});
      json.push_back(json_of(one));
    }
    frame.document.headline = all.entries.empty() ? "Nothing was ever replaced in waves" : "Replacements";
    if (!table.rows.empty()) frame.document.tables.push_back(std::move(table));
    return {};
  };
  const Result<> done = look();
  frame.document.status = report::Status::kShown;
  return frame.finish(done, false, {{"replacements", std::move(json)}});
}

}  // namespace certferry::commands
