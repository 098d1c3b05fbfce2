#include "commands/flip.h"

#include <poll.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "commands/bindings.h"
#include "commands/facts.h"
#include "deploy/handshake.h"
#include "deploy/service.h"
#include "probe/probe.h"

namespace certferry::commands {
namespace {

using nlohmann::ordered_json;
using std::chrono::milliseconds;

constexpr std::size_t kLargest = 1024 * 1024;
constexpr milliseconds kBetweenQuestions{50};
// After a reload the workers of before still take a connection now and then, until they have read their signal.
constexpr milliseconds kMustStayRight{400};
constexpr std::size_t kConnectionsAtOnce = 64;

std::string path_of(const std::string& home, const std::string& type) {
  return home + "/deployments/" + type + ".json";
}

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

std::string_view name_of(Deployment::State state) {
  switch (state) {
    case Deployment::State::kFlipping: return "flipping";
    case Deployment::State::kVerified: return "verified";
    case Deployment::State::kRolledBack: return "rolled back";
  }
  return "flipping";
}

Result<std::optional<Deployment>> read_deployment(FileSystem& files, const std::string& home, const std::string& type) {
  const std::string path = path_of(home, type);
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files.status(path));
  if (!status) return std::optional<Deployment>();
  CERTFERRY_ASSIGN(const Secret text, files.read(path, kLargest));
  const ordered_json json = ordered_json::parse(text.text(), nullptr, false);
  Deployment deployment;
  try {
    const std::string state = json.at("state");
    for (const auto known : {Deployment::State::kVerified, Deployment::State::kRolledBack}) {
      if (state == name_of(known)) deployment.state = known;
    }
    deployment.sha256 = json.at("sha256");
    deployment.before = json.at("before");
    deployment.services = json.at("services").get<std::vector<std::string>>();
    deployment.reason = json.at("reason");
    deployment.at = from_rfc3339(json.at("at").get<std::string>()).value();
    return std::optional(std::move(deployment));
  } catch (const std::exception&) {
    return fail(ErrorKind::kFailed, "CF1749", path + " cannot be read", "remove it: the next run flips and asks again");
  }
}

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
  CERTFERRY_TRY(make_folders(files_, home_ + "/deployments", 0755));
  const std::string text = dump({{"schema", 1},
                                 {"state", name_of(state)},
                                 {"sha256", deployment_.sha256},
                                 {"before", deployment_.before},
                                 {"services", deployment_.services},
                                 {"reason", reason},
                                 {"at", rfc3339(deployment_.at)}}) +
                           "\n";
  return replace_file(files_, path_of(home_, type_), as_bytes(text), 0644);
}

Result<> Flip::may_have_key(const Options& options) const {
  for (const deploy::Binding& binding : bindings_) {
    if (!binding.key_reader_is_account || options.exportable || binding.grant_key) continue;
    return fail(
        ErrorKind::kFailed, "CF1743",
        binding.name + " reads the key as " + binding.account + ", but PrivateKeyExportable is False",
        "import the certificate with -PrivateKeyExportable True, or write grant_key = true into " + binding.origin);
  }
  return {};
}

Result<deploy::Materials> Flip::materials(std::uint64_t number) const {
  const std::string folder = home_ + "/generations/" + type_ + "/" + std::to_string(number);
  CERTFERRY_ASSIGN(const Secret chain, files_.read(folder + "/fullchain.pem", kLargest));
  CERTFERRY_ASSIGN(const Secret key, files_.read(folder + "/privkey.pem", kLargest));
  return deploy::materials_from_pem(chain.text(), key);
}

Result<> Flip::stage(std::uint64_t number) {
  CERTFERRY_ASSIGN(const deploy::Materials made, materials(number));
  CERTFERRY_TRY(deploy::try_handshake(made));
  for (const deploy::Binding& binding : bindings_)
    CERTFERRY_TRY(deploy::ServiceFiles(files_, binding, place(binding)).stage(number, made));
  return {};
}

Result<> Flip::test(std::uint64_t number) {
  for (const deploy::Binding& binding : bindings_) {
    const deploy::ServiceFiles service(files_, binding, place(binding));
    CERTFERRY_ASSIGN(const std::optional<std::uint64_t> current, service.current());
    // Before the first time its configuration names files that are not there yet.
    if (!current) continue;
    CERTFERRY_ASSIGN(std::vector<Overlay> overlays, service.overlays(number));
    CERTFERRY_TRY(deploy::test_configuration(process_, binding, place(binding), std::move(overlays)));
  }
  return {};
}

Result<> Flip::ask(const deploy::Binding& binding, const std::string& sha256, const std::vector<std::string>& names) {
  const auto deadline = clock_.monotonic() + binding.limits.probe;
  for (const deploy::BoundProbe& asked : binding.probes) {
    CERTFERRY_ASSIGN(const std::vector<probe::Target> targets, probe_targets(asked, names));
    std::optional<std::chrono::nanoseconds> right_since;
    while (!right_since || clock_.monotonic() - *right_since < kMustStayRight) {
      const auto began = clock_.monotonic();
      const std::string wrong = what_is_wrong(targets, probe::probe_many(targets, kConnectionsAtOnce, clock_), sha256);
      if (!wrong.empty()) right_since.reset();
      else if (!right_since) right_since = began;
      if (!wrong.empty() && clock_.monotonic() >= deadline)
        return fail(ErrorKind::kPartly, "CF1746", binding.name + ": " + wrong,
                    "look at the service's log; certferry probe asks it again");
      ::poll(nullptr, 0, static_cast<int>(kBetweenQuestions.count()));
    }
  }
  if (!binding.probes.empty()) return {};
  findings_.push_back(
      {"CF1747", Severity::kWarning,
       binding.name + " was reloaded, but its binding names no connection to ask: what it serves was not seen",
       "add a [[probe]] to " + binding.origin, "certferry"});
  return {};
}

Result<> Flip::put_in_place(std::uint64_t number, Way way) {
  std::optional<deploy::Materials> made;
  if (number > 0) {
    CERTFERRY_ASSIGN(made, materials(number));
  }
  for (const deploy::Binding& binding : bindings_) {
    CERTFERRY_TRY(deploy::ServiceFiles(files_, binding, place(binding)).activate(number));
    if (made) CERTFERRY_TRY(deploy::test_configuration(process_, binding, place(binding)));
    const Result<> reloaded = deploy::reload(process_, files_, binding, place(binding));
    if (made) {
      // On the way back a reload that fails is no harm where the service never took the new one.
      if (way == Way::kForth) CERTFERRY_TRY(reloaded);
      CERTFERRY_TRY(ask(binding, made->leaf.sha256_hex(), made->leaf.names()));
    } else if (!reloaded) {
      // It may be unable to run without a certificate; then it never ran.
      findings_.push_back(
          {reloaded.error().id, Severity::kWarning, reloaded.error().message, reloaded.error().fix, "certferry"});
    }
  }
  return {};
}

Result<> Flip::move_names(const deploy::Desired& desired) {
  const auto moved = generations_.bring_to(desired);
  if (!moved) return std::unexpected(moved.error());
  return {};
}

Result<> Flip::ready(std::uint64_t number, std::optional<std::uint64_t> before) {
  CERTFERRY_TRY(stage(number));
  // A binding that is younger than what is live goes back to what its service had before.
  if (before) CERTFERRY_TRY(stage(*before));
  return test(number);
}

Result<bool> Flip::release(const deploy::Desired& desired) {
  CERTFERRY_ASSIGN(bool changed, generations_.bring_to(desired));
  bool bound = false;
  for (const deploy::Binding& binding : bindings_) {
    CERTFERRY_ASSIGN(const std::optional<std::uint64_t> current,
                     deploy::ServiceFiles(files_, binding, place(binding)).current());
    bound = bound || current;
  }
  if (!bound) return changed;
  CERTFERRY_TRY(put_in_place(0, Way::kBack));
  CERTFERRY_TRY(files_.remove(path_of(home_, type_)));
  return true;
}

Result<bool> Flip::bring_to(const deploy::Desired& desired, std::uint64_t number, const Options& options) {
  if (bindings_.empty()) return generations_.bring_to(desired);
  CERTFERRY_ASSIGN(const std::optional<Deployment> last, read_deployment(files_, home_, type_));
  CERTFERRY_ASSIGN(const deploy::Live live, generations_.live());
  deploy::Desired old = desired_of(live);
  std::vector<std::string> services;
  for (const deploy::Binding& binding : bindings_) services.push_back(binding.name);
  const bool same = last && last->sha256 == *desired.current && last->services == services;
  if (same && last->state == Deployment::State::kVerified && old.current == desired.current)
    return generations_.bring_to(desired);
  if (same && last->state == Deployment::State::kRolledBack && !options.retry)
    return fail(ErrorKind::kPartly, "CF1745", type_ + " was rolled back at " + rfc3339(last->at) + ": " + last->reason,
                "mend the cause, then run certferry set again for the same certificate");
  CERTFERRY_TRY(may_have_key(options));
  // Killed after the names had moved: what served before is known from the record alone.
  if (last && last->state == Deployment::State::kFlipping && old.current == last->sha256)
    old = {last->before.empty() ? std::nullopt : std::optional(last->before), old.next, std::nullopt};
  std::optional<std::uint64_t> before;
  if (old.current && old.current != desired.current) {
    CERTFERRY_ASSIGN(before, number_of(generations_, *old.current));
  }
  deployment_ = {Deployment::State::kFlipping, *desired.current, old.current.value_or(""), services, "", options.now};
  if (const Result<> staged = ready(number, before); !staged) {
    CERTFERRY_TRY(record(Deployment::State::kRolledBack, told(staged.error())));
    return fail(ErrorKind::kPartly, "CF1742", type_ + " keeps what it has: " + told(staged.error()),
                staged.error().fix);
  }
  CERTFERRY_TRY(record(Deployment::State::kFlipping, ""));
  Result<> done = move_names(desired);
  if (done) done = put_in_place(number, Way::kForth);
  if (done) {
    CERTFERRY_TRY(record(Deployment::State::kVerified, ""));
    return true;
  }
  Result<> back = move_names(old);
  if (back) back = put_in_place(before.value_or(0), Way::kBack);
  CERTFERRY_TRY(record(Deployment::State::kRolledBack, told(done.error())));
  if (back)
    return fail(ErrorKind::kPartly, "CF1742", type_ + " was rolled back: " + told(done.error()), done.error().fix);
  return fail(
      ErrorKind::kPartly, "CF1744",
      type_ + " could not be flipped (" + told(done.error()) + "), and going back failed too: " + told(back.error()),
      back.error().fix);
}

}  // namespace certferry::commands
