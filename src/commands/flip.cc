#include "commands/flip.h"

#include <poll.h>

#include <algorithm>

#include "commands/bindings.h"
#include "deploy/handshake.h"
#include "deploy/service.h"
#include "probe/probe.h"

namespace certferry::commands {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kLargest = 1024 * 1024;
constexpr milliseconds kBetweenQuestions{50};
// After a reload the workers of before still take a connection now and then, until they have read their signal.
constexpr milliseconds kMustStayRight{400};
// And a stale process beside the service answers a part of the connections only: slow rounds do not make fewer of them.
constexpr int kRightRounds = 8;
constexpr milliseconds kLongestAnswer{10'000};
constexpr milliseconds kShortestPatience{1'000};
constexpr std::size_t kConnectionsAtOnce = 64;
constexpr milliseconds kPatienceAfterFailure{1'000};

std::string told(const Error& error) { return error.id + ": " + error.message; }

deploy::Desired desired_of(const deploy::Live& live) {
  const auto sha256 = [](const std::optional<deploy::Generation>& generation) {
    return generation ? std::optional(generation->sha256) : std::nullopt;
  };
  return {sha256(live.current), sha256(live.next), sha256(live.previous)};
}

Result<std::optional<std::uint64_t>> number_of(const deploy::Generations& generations, const std::string& sha256) {
  CERTFERRY_ASSIGN(const std::vector<deploy::Generation> all, generations.list());
  std::optional<std::uint64_t> number;
  for (const deploy::Generation& generation : all) {
    if (generation.sha256 == sha256) number = generation.number;
  }
  return number;
}

// As bindings name it in `keys`.
std::string_view kind_of(const deploy::Materials& made) {
  switch (made.leaf->public_key.algorithm()) {
    case x509::KeyAlgorithm::kRsa:
    case x509::KeyAlgorithm::kRsaPss: return "rsa";
    case x509::KeyAlgorithm::kEc: return "ec";
    case x509::KeyAlgorithm::kEd25519: return "ed25519";
    default: return "other";
  }
}

// A connection, whatever name is asked for there.
std::string key_of(const probe::Target& target) {
  return probe::to_text(target.endpoint) + " " + std::to_string(static_cast<int>(target.key_kind));
}

// Empty where every answer is the certificate.
std::string what_is_wrong(const std::vector<probe::Target>& targets, const std::vector<Result<probe::Served>>& answers,
                          const std::string& sha256) {
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const std::string where = probe::to_text(targets[i].endpoint) +
                              (targets[i].server_name.value_or("").empty() ? "" : " for " + *targets[i].server_name);
    if (!answers[i]) return told(answers[i].error());
    const x509::Certificate& served = answers[i]->chain.front();
    if (served.sha256_hex() != sha256)
      return where + " serves " + served.thumbprint() + " (" + served->subject.label() + ")";
  }
  return "";
}

}  // namespace

Flip::Flip(FileSystem& files, Process& process, const Clock& clock, std::string home, deploy::Generations& generations,
           std::string type, const std::vector<deploy::Binding>& bindings)
    : files_(files),
      process_(process),
      clock_(clock),
      home_(std::move(home)),
      generations_(generations),
      type_(std::move(type)),
      bindings_(bindings) {}

deploy::BindingPlace Flip::place(const deploy::Binding& binding) const { return {home_, type_, binding.name}; }

Result<> Flip::record(Deployment::State state, const std::string& reason) {
  deployment_.state = state;
  deployment_.reason = reason;
  return write_deployment(files_, home_, type_, deployment_);
}

Result<> Flip::may_have_key(const Options& options, const deploy::Materials& made) const {
  const std::string_view kind = kind_of(made);
  for (const deploy::Binding& binding : bindings_) {
    if (binding.key_reader_is_account && !options.exportable && !binding.grant_key)
      return fail(
          ErrorKind::kFailed, "CF1743",
          binding.name + " reads the key as " + binding.account + ", but PrivateKeyExportable is False",
          "import the certificate with -PrivateKeyExportable True, or write grant_key = true into " + binding.origin);
    if (!binding.keys.empty() && std::ranges::find(binding.keys, kind) == binding.keys.end())
      return fail(ErrorKind::kFailed, "CF1739", binding.name + " takes no " + std::string(kind) + " keys",
                  "assign a certificate with another kind of key; `keys` in " + binding.origin + " says which");
  }
  return {};
}

Result<deploy::Materials> Flip::materials(std::uint64_t number) const {
  const std::string folder = home_ + "/generations/" + type_ + "/" + std::to_string(number);
  CERTFERRY_ASSIGN(const Secret chain, files_.read(folder + "/fullchain.pem", kLargest));
  CERTFERRY_ASSIGN(const Secret key, files_.read(folder + "/privkey.pem", kLargest));
  return deploy::materials_from_pem(chain.text(), key);
}

Result<std::vector<Flip::Service>> Flip::services() const {
  std::vector<Service> all;
  for (const deploy::Binding& binding : bindings_) {
    CERTFERRY_ASSIGN(const std::optional<std::uint64_t> had,
                     deploy::ServiceFiles(files_, binding, place(binding)).current());
    all.push_back({&binding, had});
  }
  return all;
}

// A service that does not run cannot prove anything, and nobody asked to start it: it is left as it is, to be tried again.
Result<> Flip::must_run(const deploy::Materials& made, const std::optional<std::string>& old) {
  for (const deploy::Binding& binding : bindings_) {
    std::string closed;
    bool runs = binding.probes.empty();
    for (deploy::BoundProbe asked : binding.probes) {
      asked.connections = 1;
      CERTFERRY_ASSIGN(std::vector<probe::Target> targets, probe_targets(asked, made.leaf.names()));
      for (probe::Target& target : targets) target.limit = std::min<milliseconds>(binding.limits.probe, kLongestAnswer);
      const auto answers = probe::probe_many(targets, kConnectionsAtOnce, clock_);
      for (std::size_t i = 0; i < answers.size(); ++i) {
        const bool absent = !answers[i] && (answers[i].error().id == "CF2012" || answers[i].error().id == "CF2013");
        if (absent && closed.empty()) closed = told(answers[i].error());
        if (answers[i] && (!old || answers[i]->leaf().sha256_hex() == *old)) answered_.insert(key_of(targets[i]));
        runs = runs || !absent;
      }
    }
    if (!runs)
      return fail(ErrorKind::kPartly, "CF1748", binding.name + " does not run (" + closed + "): nothing was touched",
                  "start it, then run certferry agent --once; where it needs its first certificate to start: certferry "
                  "binding place " +
                      binding.name);
  }
  return {};
}

Result<> Flip::stage(const deploy::Materials& made, std::uint64_t number) {
  CERTFERRY_TRY(deploy::try_handshake(made));
  for (const deploy::Binding& binding : bindings_)
    CERTFERRY_TRY(deploy::ServiceFiles(files_, binding, place(binding)).stage(number, made));
  return {};
}

Result<> Flip::test(const std::vector<Service>& services, std::uint64_t number) {
  for (const auto& [binding, had] : services) {
    // Before the first time its configuration names files that are not there yet.
    if (!had) continue;
    CERTFERRY_ASSIGN(std::vector<Overlay> overlays,
                     deploy::ServiceFiles(files_, *binding, place(*binding)).overlays(number));
    CERTFERRY_TRY(deploy::test_configuration(process_, *binding, place(*binding), std::move(overlays)));
  }
  return {};
}

Result<> Flip::ask(const deploy::Binding& binding, const deploy::Materials& made, milliseconds patience, Whom whom) {
  const auto deadline = clock_.monotonic() + patience;
  const std::string sha256 = made.leaf.sha256_hex();
  for (const deploy::BoundProbe& asked : binding.probes) {
    CERTFERRY_ASSIGN(std::vector<probe::Target> targets, probe_targets(asked, made.leaf.names()));
    if (whom == Whom::kWhoAnswered)
      std::erase_if(targets, [&](const auto& target) { return !answered_.contains(key_of(target)); });
    std::chrono::nanoseconds right_since{};
    for (int right = 0; right < kRightRounds || clock_.monotonic() - right_since < kMustStayRight;) {
      const auto began = clock_.monotonic();
      const auto left = std::chrono::duration_cast<milliseconds>(deadline - began);
      for (probe::Target& target : targets) target.limit = std::clamp(left, kShortestPatience, kLongestAnswer);
      const std::string wrong = what_is_wrong(targets, probe::probe_many(targets, kConnectionsAtOnce, clock_), sha256);
      if (right == 0) right_since = began;
      right = wrong.empty() ? right + 1 : 0;
      if (!wrong.empty() && clock_.monotonic() >= deadline)
        return fail(ErrorKind::kPartly, "CF1746", binding.name + ": " + wrong,
                    "look at the service's log; certferry probe asks it again");
      ::poll(nullptr, 0, static_cast<int>(kBetweenQuestions.count()));
    }
  }
  // A set of keys is read back where it is published; nobody connects to it.
  if (!binding.probes.empty() || binding.publishes_keys()) return {};
  unseen_ = true;
  findings_.push_back(
      {"CF1747", Severity::kWarning,
       binding.name + " was reloaded, but its binding names no connection to ask: what it serves was not seen",
       "add a [[probe]] to " + binding.origin, "certferry"});
  return {};
}

Result<> Flip::tell(const deploy::Binding& binding, bool other_key) {
  if (other_key && binding.restart_for_other_key && binding.restart)
    return deploy::restart(process_, binding, place(binding));
  return deploy::reload(process_, files_, binding, place(binding));
}

Result<> Flip::forth(const std::vector<Service>& services, std::uint64_t number, std::optional<std::uint64_t> before) {
  CERTFERRY_ASSIGN(const deploy::Materials made, materials(number));
  bool other_key = false;
  if (before) {
    CERTFERRY_ASSIGN(const deploy::Materials old, materials(*before));
    other_key = kind_of(old) != kind_of(made);
  }
  for (const auto& [binding, had] : services) {
    failed_ = binding;
    CERTFERRY_TRY(deploy::ServiceFiles(files_, *binding, place(*binding)).activate(number));
    // Else it was tested while staged.
    if (!had) CERTFERRY_TRY(deploy::test_configuration(process_, *binding, place(*binding)));
    CERTFERRY_TRY(tell(*binding, other_key && had));
    CERTFERRY_TRY(ask(*binding, made, binding->limits.probe, Whom::kAll));
  }
  failed_ = nullptr;
  return {};
}

Result<> Flip::revive(const deploy::Binding& binding, const deploy::Materials& made, bool other_key) {
  const Result<> told = tell(binding, other_key);
  // A reload that fails is no harm where the service never took the new one; then it serves the old one by now.
  const Result<> seen =
      ask(binding, made, told ? milliseconds(binding.limits.probe) : kPatienceAfterFailure, Whom::kWhoAnswered);
  if (seen || !binding.restart) return seen;
  // It may have left nothing to reload.
  CERTFERRY_TRY(deploy::restart(process_, binding, place(binding)));
  return ask(binding, made, binding.limits.probe, Whom::kWhoAnswered);
}

Result<> Flip::release_service(const deploy::Binding& binding) {
  CERTFERRY_TRY(deploy::ServiceFiles(files_, binding, place(binding)).activate(0));
  const Result<> reloaded = deploy::reload(process_, files_, binding, place(binding));
  // It may be unable to run without a certificate; then it never ran.
  if (!reloaded)
    findings_.push_back(
        {reloaded.error().id, Severity::kWarning, reloaded.error().message, reloaded.error().fix, "certferry"});
  return {};
}

Result<> Flip::back(const std::vector<Service>& services, std::uint64_t number, std::optional<std::uint64_t> before) {
  Result<> first;
  for (const Service& service : services) {
    const Result<> done = service_back(service, number, before);
    if (first) first = done;
  }
  return first;
}

Result<> Flip::service_back(const Service& service, std::uint64_t number, std::optional<std::uint64_t> before) {
  const auto& [binding, had] = service;
  if (!had) return release_service(*binding);
  const std::uint64_t target = before.value_or(*had);
  // What it had is what was to come: there is nothing else to go back to.
  if (target == number) return {};
  CERTFERRY_ASSIGN(const deploy::Materials made, materials(target));
  CERTFERRY_ASSIGN(const deploy::Materials failed, materials(number));
  CERTFERRY_TRY(deploy::ServiceFiles(files_, *binding, place(*binding)).activate(target));
  return revive(*binding, made, kind_of(made) != kind_of(failed));
}

Result<> Flip::move_names(const deploy::Desired& desired) {
  const auto moved = generations_.bring_to(desired);
  if (!moved) return std::unexpected(moved.error());
  return {};
}

Result<> Flip::ready(const std::vector<Service>& services, const deploy::Materials& made, std::uint64_t number,
                     std::optional<std::uint64_t> before) {
  CERTFERRY_TRY(stage(made, number));
  if (before) {
    CERTFERRY_ASSIGN(const deploy::Materials old, materials(*before));
    CERTFERRY_TRY(stage(old, *before));
  }
  return test(services, number);
}

Result<bool> Flip::release(const deploy::Desired& desired) {
  CERTFERRY_ASSIGN(const bool changed, generations_.bring_to(desired));
  CERTFERRY_ASSIGN(const std::vector<Service> all, services());
  if (std::ranges::none_of(all, [](const Service& service) { return service.had.has_value(); })) return changed;
  for (const Service& service : all) {
    if (service.had) CERTFERRY_TRY(release_service(*service.binding));
  }
  CERTFERRY_TRY(remove_deployment(files_, home_, type_));
  prune({}, deploy::ServiceFiles::Keep::kNothing);
  return true;
}

// The service has what it shall have, whatever comes of this; the next flip tries again.
void Flip::prune(std::optional<std::uint64_t> before, deploy::ServiceFiles::Keep rest) {
  for (const deploy::Binding& binding : bindings_) {
    const Result<> done = deploy::ServiceFiles(files_, binding, place(binding)).prune(before, rest);
    if (done) continue;
    const Error& error = done.error();
    findings_.push_back({error.id, Severity::kWarning, error.message, error.fix, "certferry"});
  }
}

Result<std::vector<std::string>> Flip::place_files(std::uint64_t number, const Options& options) {
  CERTFERRY_ASSIGN(const deploy::Materials made, materials(number));
  CERTFERRY_TRY(may_have_key(options, made));
  CERTFERRY_ASSIGN(const std::vector<Service> all, services());
  CERTFERRY_TRY(stage(made, number));
  std::vector<std::string> placed;
  for (const auto& [binding, had] : all) {
    if (had) continue;
    CERTFERRY_TRY(deploy::ServiceFiles(files_, *binding, place(*binding)).activate(number));
    placed.push_back(binding->name);
  }
  return placed;
}

Result<bool> Flip::bring_to(const deploy::Desired& desired, std::uint64_t number, const Options& options) {
  if (bindings_.empty()) return generations_.bring_to(desired);
  using State = Deployment::State;
  CERTFERRY_ASSIGN(const std::optional<Deployment> last, read_deployment(files_, home_, type_));
  CERTFERRY_ASSIGN(const deploy::Live live, generations_.live());
  deploy::Desired old = desired_of(live);
  std::vector<std::string> names;
  for (const deploy::Binding& binding : bindings_) names.push_back(binding.name);
  const bool same = last && last->sha256 == *desired.current && last->services == names;
  CERTFERRY_ASSIGN(const std::vector<Service> all, services());
  const bool placed = std::ranges::all_of(all, [](const Service& service) { return service.had.has_value(); });
  const bool was_done = same && (last->state == State::kVerified || last->state == State::kInPlace);
  if (was_done && placed && old.current == desired.current) return generations_.bring_to(desired);
  if (same && (last->state == State::kRolledBack || last->state == State::kUnverified) && !options.retry)
    return fail(ErrorKind::kPartly, "CF1745",
                type_ + (last->state == State::kRolledBack ? " was rolled back at " : " is not verified since ") +
                    rfc3339(last->at) + ": " + last->reason,
                "mend the cause, then run certferry set again for the same certificate");
  CERTFERRY_ASSIGN(const deploy::Materials made, materials(number));
  CERTFERRY_TRY(may_have_key(options, made));
  // Killed after the names had moved: what served before is known from the record alone, and may be back or not.
  const bool resumed = last && last->state == State::kFlipping && old.current == last->sha256;
  if (resumed) old = {last->before.empty() ? std::nullopt : std::optional(last->before), old.next, std::nullopt};
  CERTFERRY_TRY(must_run(made, resumed ? std::nullopt : old.current));
  std::optional<std::uint64_t> before;
  if (old.current && old.current != desired.current) {
    CERTFERRY_ASSIGN(before, number_of(generations_, *old.current));
  }
  deployment_ = {State::kFlipping, *desired.current, old.current.value_or(""), names, "", options.now};
  if (const Result<> staged = ready(all, made, number, before); !staged) {
    CERTFERRY_TRY(record(State::kRolledBack, told(staged.error())));
    return fail(ErrorKind::kPartly, "CF1742", type_ + " keeps what it has: " + told(staged.error()),
                staged.error().fix);
  }
  CERTFERRY_TRY(record(State::kFlipping));
  Result<> done = move_names(desired);
  if (done) done = forth(all, number, before);
  if (done) {
    CERTFERRY_TRY(record(unseen_ ? State::kInPlace : State::kVerified));
    prune(before, deploy::ServiceFiles::Keep::kInUse);
    return true;
  }
  return failed_ && failed_->on_failure == deploy::OnFailure::kKeep ? keep(done.error())
                                                                    : go_back(done.error(), all, old, number, before);
}

Result<bool> Flip::keep(const Error& reason) {
  CERTFERRY_TRY(record(Deployment::State::kUnverified, told(reason)));
  return fail(ErrorKind::kPartly, "CF1741",
              type_ + " is in place but not verified, and kept as " + failed_->origin + " says: " + told(reason),
              reason.fix);
}

Result<bool> Flip::go_back(const Error& reason, const std::vector<Service>& services, const deploy::Desired& old,
                           std::uint64_t number, std::optional<std::uint64_t> before) {
  Result<> done = move_names(old);
  if (done) done = back(services, number, before);
  CERTFERRY_TRY(record(Deployment::State::kRolledBack, told(reason)));
  if (done) return fail(ErrorKind::kPartly, "CF1742", type_ + " was rolled back: " + told(reason), reason.fix);
  return fail(ErrorKind::kPartly, "CF1744",
              type_ + " could not be flipped (" + told(reason) + "), and going back failed too: " + told(done.error()),
              done.error().fix);
}

}  // namespace certferry::commands
