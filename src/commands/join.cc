#include "commands/join.h"

#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>

#include "commands/adopt.h"
#include "commands/fleet_files.h"
#include "commands/fleet_members.h"
#include "commands/frame.h"
#include "commands/relay_setup.h"
#include "commands/take.h"
#include "seal/join_token.h"
#include "seal/keys.h"

namespace certferry::commands {
namespace {

using nlohmann::ordered_json;

// What the token allows, whichever it is.
struct Way {
  fleet::Membership membership;
  std::optional<x509::PrivateKey> key;  // of the enrolment; nothing: an administrator has to approve it
};

Result<Way> read_way(const JoinOptions& options, const Home& home, Time now) {
  if (seal::is_invitation(options.token.text())) {
    CERTFERRY_ASSIGN(const seal::Invitation read, seal::invitation_from(options.token.text()));
    fleet::Computer computer;
    computer.fqdn = home.config().computer.fqdn;
    return Way{{read.fleet, read.root, std::move(computer), read.relays}, std::nullopt};
  }
  CERTFERRY_ASSIGN(seal::JoinToken read, seal::join_token_from(options.token.text()));
  if (now > read.not_after) {
    return fail(ErrorKind::kFailed, "CF1776", "the token was good until " + rfc3339(read.not_after),
                "have a new one made: certferry computer add " + read.computer.fqdn);
  }
  return Way{{read.fleet, read.root, read.computer, read.relays}, std::move(read.key)};
}

class Joiner {
 public:
  Joiner(Environment& environment, Home& home, const JoinOptions& options)
      : frame(environment, home.config().computer.fqdn), environment_(environment), home_(home), options_(options) {}

  [[nodiscard]] Result<> run() {
    CERTFERRY_ASSIGN(Way way, read_way(options_, home_, frame.now()));
    membership_ = way.membership;
    if (home_.membership() && home_.membership()->fleet != membership_.fleet) {
      return fail(ErrorKind::kFailed, "CF1766", "this computer belongs to the fleet " + home_.membership()->fleet,
                  "run the command in another home, or have this computer leave that fleet first");
    }
    if (options_.output.empty() && membership_.relays.empty()) {
      return fail(ErrorKind::kUsage, "CF2405", "the token names no relay, and no file for the statement is given",
                  "certferry join TOKEN --output FILE, and carry it to where the fleet is administered");
    }
    // Opening the store brings the home's own folders to disk, which the keys are relied on to be in.
    CERTFERRY_TRY(home_.store());
    CERTFERRY_ASSIGN(const std::string statement, sign(way));
    if (options_.output.empty()) return join_by_relay(statement);
    CERTFERRY_TRY(replace_file(environment_.files, options_.output, as_bytes(statement + "\n"), 0644));
    return write_membership(environment_.files, home_.path(), membership_);
  }

  [[nodiscard]] const std::string& fqdn() const { return membership_.computer.fqdn; }
  [[nodiscard]] const std::string& fingerprint() const { return fingerprint_; }
  [[nodiscard]] bool taken_in() const { return taken_in_; }

 private:
  [[nodiscard]] Result<std::string> sign(const Way& way) {
    if (options_.new_keys && !home_.membership()) {
      return fail(ErrorKind::kUsage, "CF2423", "this computer belongs to no fleet: it has no keys to change",
                  "join without --new-keys");
    }
    const KeyPlace place{{}, options_.keys_in};
    const auto key_of = [&](FleetKey first, FleetKey next) {
      return read_or_make_key(environment_, home_.path(), options_.new_keys ? next : first, place);
    };
    CERTFERRY_ASSIGN(const seal::OwnKey sealing, key_of(FleetKey::kSealing, FleetKey::kNextSealing));
    CERTFERRY_ASSIGN(const seal::OwnKey identity, key_of(FleetKey::kIdentity, FleetKey::kNextIdentity));
    CERTFERRY_ASSIGN(const std::string boot, boot_id(environment_.files));
    const fleet::Member member{{membership_.fleet, 1, frame.now()},
                               membership_.computer,
                               to_bytes(sealing.public_key().spki()),
                               to_bytes(identity.public_key().spki()),
                               boot,
                               fleet::Member::State::kActive};
    fingerprint_ = fingerprint_of(member);
    return signed_text(member, way.key ? seal::KeyRef(*way.key) : seal::KeyRef(identity));
  }

  [[nodiscard]] Result<> join_by_relay(const std::string& statement) {
    const auto wake = [this] {
      const std::scoped_lock lock(mutex_);
      came_ = true;
      woken_.notify_all();
    };
    CERTFERRY_ASSIGN(const std::unique_ptr<relay::Client> client,
                     connect_to_relays(environment_, home_.path(), membership_, wake,
                                       options_.new_keys ? FleetKey::kNextIdentity : FleetKey::kIdentity));
    CERTFERRY_ASSIGN(const bool by_token, client->join(statement));
    CERTFERRY_TRY(write_membership(environment_.files, home_.path(), membership_));
    frame.log("ask to join");
    if (!by_token) {
      frame.document.summary = {"Where the fleet is administered, after comparing the fingerprint:",
                                "certferry computer approve " + fqdn() + " --fingerprint " + fingerprint_};
    }
    client->follow();
    const auto end = environment_.clock.monotonic() + options_.patience;
    std::optional<relay::Client::Entries> taken;
    while (const auto entries = wait_for(*client, taken, end)) {
      CERTFERRY_ASSIGN(Home home, Home::open(home_.path(), Home::Access::kWrite, environment_));
      taken_in_ = true;
      frame.document.summary.clear();
      const auto took = take_over(environment_, home, *entries, frame);
      // The keys are sealed after it was taken in: they are on their way.
      if (took || took.error().id != kKeyNotSealed) return took ? Result<>() : std::unexpected(took.error());
      frame.document.findings.clear();
      taken = entries;
    }
    return not_yet(*client, by_token);
  }

  // Other entries than `known`; nothing where there are none at `end`.
  [[nodiscard]] std::optional<relay::Client::Entries> wait_for(const relay::Client& client,
                                                               const std::optional<relay::Client::Entries>& known,
                                                               std::chrono::nanoseconds end) {
    std::unique_lock lock(mutex_);
    while (true) {
      came_ = false;
      lock.unlock();
      auto entries = client.entries();
      if (entries && entries != known) return entries;
      const auto left = std::chrono::ceil<std::chrono::seconds>(end - environment_.clock.monotonic());
      if (left.count() <= 0) return std::nullopt;
      environment_.ui.progress("waiting for the fleet to take this computer in",
                               static_cast<std::size_t>((options_.patience - left).count()),
                               static_cast<std::size_t>(options_.patience.count()));
      lock.lock();
      woken_.wait_for(lock, std::chrono::seconds(1), [this] { return came_; });
    }
  }

  [[nodiscard]] Result<> not_yet(const relay::Client& client, bool by_token) const {
    const auto trouble = client.state().trouble;
    return fail(
        ErrorKind::kPartly, "CF2406",
        fqdn() + " asked to join and was not taken in yet" + (trouble ? ": " + trouble->message : ""),
        by_token
            ? "the agent where the fleet is administered takes it in; this computer's agent goes on by itself"
            : "an administrator approves it (certferry computer approve); this computer's agent goes on by itself");
  }

 public:
  Frame frame;

 private:
  Environment& environment_;
  Home& home_;
  const JoinOptions& options_;
  fleet::Membership membership_;
  std::string fingerprint_;
  bool taken_in_ = false;
  std::mutex mutex_;  // over came_
  std::condition_variable woken_;
  bool came_ = false;
};

}  // namespace

Outcome join_fleet(Environment& environment, Home& home, const JoinOptions& options) {
  Joiner joiner(environment, home, options);
  const Result<> done = joiner.run();
  report::Document& document = joiner.frame.document;
  document.status = report::Status::kDone;
  const bool by_file = !options.output.empty();
  document.headline = done && by_file     ? "Wrote " + options.output
                      : joiner.taken_in() ? "This computer belongs to the fleet"
                                          : "This computer did not join";
  if (done && by_file) document.summary = {"Where the fleet is administered: certferry fleet accept FILE"};
  return joiner.frame.finish(done, done.has_value(),
                             {{"computer", joiner.fqdn()},
                              {"fingerprint", joiner.fingerprint()},
                              {"joined", joiner.taken_in()},
                              {"output", options.output}});
}

}  // namespace certferry::commands
