#include "commands/reconcile.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "commands/bindings.h"
#include "commands/flip.h"
#include "commands/lock.h"
#include "commands/publish.h"
#include "commands/published_keys.h"
#include "deploy/certificates.h"
#include "deploy/generations.h"

namespace certferry::commands {
namespace {

// Another command may be flipping a service: its reload, the wire, and the way back take their time.
constexpr int kLockSeconds = 180;
constexpr std::size_t kKeptGenerations = 2;

class Reconciler {
 public:
  Reconciler(Environment& environment, Home& home, Catalog& catalog, std::vector<deploy::Binding> bindings,
             const std::vector<std::string>& asked, Time now)
      : environment_(environment),
        home_(home),
        catalog_(catalog),
        bindings_(std::move(bindings)),
        asked_(asked),
        now_(now),
        certificates_(environment.files, home.path()),
        process_(environment.clock) {}

  [[nodiscard]] Result<> bring(const Target& target) {
    deploy::Generations generations(environment_.files, home_.path(), target.type);
    numbers_.clear();
    for (const auto& wanted : {target.previous, target.current, target.next}) {
      if (wanted) CERTFERRY_TRY(stage(generations, target.type, *wanted));
    }
    const std::vector<deploy::Binding> bindings = bindings_of(target.type);
    PublishedKeys keys(environment_, home_, catalog_, target.type, bindings);
    CERTFERRY_ASSIGN(const deploy::Live live, generations.live());
    CERTFERRY_TRY(keys.widen(target, live));
    const bool in_sets = std::ranges::any_of(bindings, &deploy::Binding::publishes_keys);
    if (in_sets) note_published(target);
    CERTFERRY_ASSIGN(const bool changed, flip(generations, target, bindings));
    CERTFERRY_TRY(keys.narrow(target));
    if (changed) {
      result_.changed.push_back(target.type);
      CERTFERRY_TRY(generations.prune(kKeptGenerations));
      CERTFERRY_TRY(look_at(generations, target));
    }
    // Without a set, verifiers learn keys from live/<Type>/next.
    if (!in_sets) note_published(target);
    return {};
  }

  // What fails for one type keeps no other from its certificate.
  void try_to_bring(const Target& target) {
    const Result<> done = bring(target);
    if (done) return;
    const Error& error = done.error();
    if (asked_.empty() || is_asked(target.type)) result_.failures.push_back(error);
    else result_.findings.push_back({error.id, Severity::kWarning, error.message, error.fix, "certferry"});
  }

  // What bring() found to be so is true whatever came after.
  void record(store::Store& store) {
    auto told = record_published(environment_, store, published_);
    if (told) result_.published = std::move(*told);
    else result_.failures.push_back(told.error());
  }

  [[nodiscard]] Reconciled take() { return std::move(result_); }

 private:
  [[nodiscard]] bool is_asked(const std::string& type) const { return std::ranges::find(asked_, type) != asked_.end(); }

  [[nodiscard]] std::vector<deploy::Binding> bindings_of(const std::string& type) const {
    std::vector<deploy::Binding> bindings;
    std::ranges::copy_if(bindings_, std::back_inserter(bindings),
                         [&](const deploy::Binding& binding) { return binding.takes(type); });
    return bindings;
  }

  void note_published(const Target& target) {
    if (auto key = newly_published(target, home_.config().types.find(target.type))) published_.push_back(*key);
  }

  [[nodiscard]] Result<bool> flip(deploy::Generations& generations, const Target& target,
                                  const std::vector<deploy::Binding>& bindings) {
    Flip flip(environment_.files, process_, environment_.clock, home_.path(), generations, target.type, bindings);
    const deploy::Desired desired{target.current, target.next, target.previous};
    Flip::Options options{.exportable = false, .retry = is_asked(target.type), .now = now_};
    if (target.current) {
      CERTFERRY_ASSIGN(const std::optional<Found> found, catalog_.get(*target.current));
      options.exportable = found && found->record.exportable;
    }
    auto changed =
        target.current ? flip.bring_to(desired, numbers_.at(*target.current), options) : flip.release(desired);
    for (Finding& finding : flip.take_findings()) result_.findings.push_back(std::move(finding));
    return changed;
  }

  [[nodiscard]] Result<> stage(deploy::Generations& generations, const std::string& type, const std::string& sha256) {
    CERTFERRY_ASSIGN(const std::optional<Found> found, catalog_.get(sha256));
    if (!found)
      return fail(ErrorKind::kFailed, "CF1710", "the store lacks the certificate " + sha256, "import it again");
    const fleet::Type* profile = home_.config().types.find(type);
    deploy::ChosenAccess access = deploy::choose_access(
        found->record.exportable, profile ? profile->service_accounts : std::vector<std::string>());
    for (Finding& finding : access.findings) {
      if (std::ranges::find(result_.findings, finding) == result_.findings.end())
        result_.findings.push_back(std::move(finding));
    }
    CERTFERRY_ASSIGN(const Secret certificate, certificates_.read(sha256, "cert.pem"));
    CERTFERRY_ASSIGN(const Secret chain, certificates_.read(sha256, "chain.pem"));
    CERTFERRY_ASSIGN(Secret key, certificates_.read(sha256, "privkey.pem"));
    const deploy::GenerationFiles files{sha256, std::string(certificate.text()), std::string(chain.text()),
                                        std::move(key)};
    const auto number = generations.stage(files, access.access);
    if (!number) return std::unexpected(number.error());
    numbers_[sha256] = *number;
    return {};
  }

  // Says "done" only for what is there.
  [[nodiscard]] Result<> look_at(const deploy::Generations& generations, const Target& target) const {
    CERTFERRY_ASSIGN(const deploy::Live live, generations.live());
    const auto same = [](const std::optional<deploy::Generation>& generation,
                         const std::optional<std::string>& sha256) {
      return generation ? sha256 && generation->sha256 == *sha256 : !sha256;
    };
    if (same(live.current, target.current) && same(live.next, target.next) && same(live.previous, target.previous))
      return {};
    return fail(ErrorKind::kPartly, "CF1740", "what is live for " + target.type + " is not what the store says",
                "run `certferry doctor`");
  }

  Environment& environment_;
  Home& home_;
  Catalog& catalog_;
  const std::vector<deploy::Binding> bindings_;
  const std::vector<std::string>& asked_;
  const Time now_;
  deploy::Certificates certificates_;
  SystemProcess process_;
  std::map<std::string, std::uint64_t> numbers_;  // of the generations of the type at hand, by SHA-256
  std::vector<PublishedKey> published_;
  Reconciled result_;
};

// Types that this computer hosts no more: what served them goes, as where they are assigned to nobody.
std::vector<Target> given_up(const std::vector<StoredAssignment>& assignments, const fleet::Config& config) {
  std::set<std::string> types;
  for (const StoredAssignment& stored : assignments) {
    if (!config.computer.hosts(stored.assignment.type)) types.insert(stored.assignment.type);
  }
  std::vector<Target> result;
  for (const std::string& type : types) {
    Target& target = result.emplace_back();
    target.type = type;
  }
  return result;
}

}  // namespace

Result<> Reconciled::outcome() const {
  if (failures.empty()) return {};
  return std::unexpected(failures.front());
}

std::vector<Target> targets(const std::vector<StoredAssignment>& assignments, const fleet::Config& config, Time now) {
  std::vector<fleet::Assignment> advanced;
  std::set<std::string> types;
  for (const StoredAssignment& stored : assignments) {
    const fleet::Type* type = config.types.find(stored.assignment.type);
    advanced.push_back(fleet::advance(stored.assignment, type ? type->window() : std::nullopt, now).after);
    types.insert(stored.assignment.type);
  }
  std::vector<Target> result;
  for (const std::string& type : types) {
    if (!config.computer.hosts(type)) continue;
    Target target;
    target.type = type;
    if (const auto resolved = fleet::resolve(advanced, config.computer, type, now)) {
      const fleet::Assignment& winner = advanced[resolved->assignment];
      target.scope = winner.scope;
      target.slot = resolved->slot;
      target.current = resolved->slot.certificate.sha256;
      target.next_slot = winner.next;
      if (winner.next) target.next_due = fleet::due(winner);
      if (winner.next) target.next = winner.next->slot.certificate.sha256;
      if (winner.previous) target.previous = winner.previous->certificate.sha256;
    } else {
      // Nothing is in use yet; what waits for its date is staged all the same. The narrowest scope wins.
      const fleet::Assignment* waiting = nullptr;
      for (const fleet::Assignment& assignment : advanced) {
        if (assignment.type != type || !assignment.next || !config.computer.in(assignment.scope)) continue;
        if (!waiting || assignment.scope.narrower_than(waiting->scope)) waiting = &assignment;
      }
      if (waiting) {
        target.scope = waiting->scope;
        target.next_slot = waiting->next;
        target.next_due = fleet::due(*waiting);
        target.next = waiting->next->slot.certificate.sha256;
      }
    }
    if (target.next == target.current) target.next.reset();
    if (target.previous == target.current || target.previous == target.next) target.previous.reset();
    result.push_back(std::move(target));
  }
  return result;
}

Result<Reconciled> reconcile(Environment& environment, Home& home, Time began, const std::vector<std::string>& asked) {
  CERTFERRY_ASSIGN(const Lock lock, Lock::take(home.path() + "/lock", kLockSeconds));
  CERTFERRY_ASSIGN(store::Store* const store, home.store());
  Catalog catalog(*store);
  CERTFERRY_ASSIGN(const std::vector<StoredAssignment> assignments, catalog.assignments());
  // What another command assigned while this one waited is in use by now, though not yet when this one began.
  const Time now = std::max(began, environment.clock.now());
  CERTFERRY_ASSIGN(std::vector<deploy::Binding> bindings, load_bindings(environment, home));
  Reconciler reconciler(environment, home, catalog, std::move(bindings), asked, now);
  for (const Target& target : targets(assignments, home.config(), now)) reconciler.try_to_bring(target);
  for (const Target& target : given_up(assignments, home.config())) reconciler.try_to_bring(target);
  reconciler.record(*store);
  return reconciler.take();
}

Result<Reconciled> bring_to_disk(Environment& environment, Home& home, Frame& frame,
                                 const std::vector<std::string>& asked, std::string_view cmdlet) {
  auto reconciled = reconcile(environment, home, frame.now(), asked);
  const Result<> outcome = reconciled ? reconciled->outcome() : std::unexpected(reconciled.error());
  frame.log("bring the disk to the store", outcome.has_value());
  if (reconciled) {
    for (const Finding& finding : reconciled->findings) frame.document.findings.push_back(finding);
  }
  if (!outcome) return std::unexpected(outcome.error());
  auto published = publish(environment, home, cmdlet, frame.now());
  if (!published) return std::unexpected(published.error());
  if (!published->actions.empty()) frame.log("seal and sign for the fleet");
  for (Finding& finding : published->findings) frame.document.findings.push_back(std::move(finding));
  return reconciled;
}

}  // namespace certferry::commands
