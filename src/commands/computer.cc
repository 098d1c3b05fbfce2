#include "commands/computer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "commands/catalog.h"
#include "commands/fleet_files.h"
#include "commands/fleet_members.h"
#include "commands/frame.h"
#include "commands/publish.h"
#include "fleet/store_keys.h"
#include "seal/dsse.h"
#include "seal/join_token.h"
#include "seal/keys.h"
#include "store/audit.h"

namespace certferry::commands {
namespace {

using nlohmann::ordered_json;

constexpr std::chrono::minutes kTokenLives{15};

Bytes spki(const x509::PrivateKey& key) { return to_bytes(key.public_key().spki()); }

Result<> apply(const ComputerOptions& options, const fleet::Config& config, fleet::Computer& computer) {
  if (options.site) {
    const auto scope = options.site->empty() ? fleet::Scope() : fleet::Scope::parse("site:" + *options.site);
    if (!scope) return std::unexpected(scope.error());
    computer.site = scope->name;
  }
  if (options.pool) {
    computer.pool.clear();
    if (!options.pool->empty()) {
      CERTFERRY_ASSIGN(computer.pool, fleet::parse_fqdn(*options.pool));
    }
  }
  if (options.types) {
    computer.types.reset();
    if (!options.types->empty()) {
      CERTFERRY_ASSIGN(computer.types, config.types.parse_list(*options.types));
    }
  }
  return {};
}

// Commands of an administrator on the fleet's store.
class Administration {
 public:
  Administration(Environment& environment, Home& home)
      : environment_(environment), home_(home), frame(environment, home.config().computer.fqdn) {}

  [[nodiscard]] Result<> open() {
    CERTFERRY_ASSIGN(store_, home_.store());
    CERTFERRY_ASSIGN(trust_, fleet_trust(home_, *store_));
    CERTFERRY_ASSIGN(x509::PrivateKey key, read_key(environment_.files, home_.path(), FleetKey::kAdministrator));
    key_.emplace(std::move(key));
    return {};
  }

  [[nodiscard]] Result<StoredMember> member(const std::string& fqdn) {
    CERTFERRY_ASSIGN(const Members all, fleet_members(*store_, *trust_, frame.now()));
    const auto found =
        std::ranges::find_if(all.members, [&](const StoredMember& one) { return one.member.computer.fqdn == fqdn; });
    if (found != all.members.end()) return *found;
    return std::unexpected(no_such_computer(fqdn));
  }

  template <typename Statement>
  [[nodiscard]] Result<> put(const std::string& key, store::Revision before, const Statement& statement,
                             const std::string& fqdn, std::string action) {
    CERTFERRY_ASSIGN(const seal::Envelope envelope,
                     seal::sign_statement(Statement::kKind, fleet::to_json(statement), *key_));
    store::Batch batch;
    batch.expect(key, before);
    batch.put(key, seal::to_json(envelope));
    frame.document.steps.push_back({fqdn, std::move(action), report::Step::State::kDone, ""});
    CERTFERRY_TRY(store::append_audit(*store_, batch,
                                      {0, frame.now(), frame.actor(), environment_.command_line, frame.actions(), ""}));
    CERTFERRY_TRY(store_->commit(batch));
    return {};
  }

  [[nodiscard]] Result<> change(const StoredMember& stored, fleet::Member after, std::string action) {
    after.head = {trust_->fleet(), stored.member.head.counter + 1, frame.now()};
    const std::string fqdn = after.computer.fqdn;
    CERTFERRY_TRY(put(fleet::member_key(fqdn), stored.revision, after, fqdn, std::move(action)));
    CERTFERRY_ASSIGN(const Published published, publish(environment_, home_, "Set-CsCertificate", frame.now()));
    frame.document.findings = published.findings;
    return {};
  }

  [[nodiscard]] store::Store& store() { return *store_; }
  [[nodiscard]] const seal::Trust& trust() const { return *trust_; }
  [[nodiscard]] const Bytes& root() const { return home_.membership()->root; }

 private:
  Environment& environment_;
  Home& home_;
  store::Store* store_ = nullptr;
  std::optional<seal::Trust> trust_;
  std::optional<x509::PrivateKey> key_;

 public:
  Frame frame;
};

Result<Secret> make_token(Administration& administration, const fleet::Config& config, const ComputerOptions& options) {
  fleet::Computer computer;
  CERTFERRY_ASSIGN(computer.fqdn, fleet::parse_fqdn(options.fqdn));
  CERTFERRY_TRY(apply(options, config, computer));
  const auto there = administration.member(computer.fqdn);
  if (there && there->member.state == fleet::Member::State::kActive) {
    return fail(ErrorKind::kConflict, "CF1771", "a computer " + computer.fqdn + " has joined already",
                "certferry computer remove " + computer.fqdn + " comes before joining anew");
  }
  const std::string key = fleet::enrolment_key(computer.fqdn);
  CERTFERRY_ASSIGN(const std::optional<store::Entry> before, administration.store().get(key));
  CERTFERRY_ASSIGN(x509::PrivateKey own, seal::make_key());
  const Time now = administration.frame.now();
  const std::string fqdn = computer.fqdn;
  const fleet::Enrolment enrolment{{administration.trust().fleet(), 1, now}, computer, spki(own), now + kTokenLives};
  CERTFERRY_TRY(administration.put(key, before ? before->revision : 0, enrolment, fqdn, "allow " + fqdn + " to join"));
  return seal::to_text({std::move(computer), enrolment.head.fleet, administration.root(), options.relays,
                        enrolment.not_after, std::move(own)});
}

}  // namespace

Outcome add_computer(Environment& environment, Home& home, const ComputerOptions& options) {
  Administration administration(environment, home);
  Frame& frame = administration.frame;
  Result<> done = administration.open();
  ordered_json token = nullptr;
  if (done) {
    const auto made = make_token(administration, home.config(), options);
    if (made) token = std::string(made->text());
    else done = std::unexpected(made.error());
  }
  frame.document.status = report::Status::kDone;
  frame.document.headline = done ? options.fqdn + " may join" : "Nobody may join";
  if (done) {
    frame.document.summary = {"On that computer, within 15 minutes, with this token, which is good for it alone:",
                              "certferry join " + token.get<std::string>() + " --output FILE",
                              "Then here: certferry fleet accept FILE"};
  }
  return frame.finish(done, done.has_value(), {{"computer", options.fqdn}, {"token", std::move(token)}});
}

Outcome move_computer(Environment& environment, Home& home, const ComputerOptions& options) {
  Administration administration(environment, home);
  Frame& frame = administration.frame;
  bool changed = false;
  const auto move = [&]() -> Result<> {
    CERTFERRY_TRY(administration.open());
    CERTFERRY_ASSIGN(const StoredMember stored, administration.member(options.fqdn));
    fleet::Member after = stored.member;
    CERTFERRY_TRY(apply(options, home.config(), after.computer));
    if (after.computer == stored.member.computer) return {};
    changed = true;
    return administration.change(stored, std::move(after), "give " + options.fqdn + " its new place");
  };
  const Result<> done = move();
  frame.document.status = changed ? report::Status::kDone : report::Status::kNothing;
  frame.document.headline = !done     ? "Nothing was changed"
                            : changed ? "Moved " + options.fqdn
                                      : options.fqdn + " is there already";
  return frame.finish(done, changed, {{"computer", options.fqdn}, {"changed", changed}});
}

Outcome say_farewell(Environment& environment, Home& home, const std::string& fqdn, Farewell farewell) {
  Administration administration(environment, home);
  Frame& frame = administration.frame;
  const bool lost = farewell == Farewell::kLost;
  bool changed = false;
  ordered_json reissue = ordered_json::array();
  const auto leave = [&]() -> Result<> {
    CERTFERRY_TRY(administration.open());
    CERTFERRY_ASSIGN(const StoredMember stored, administration.member(fqdn));
    Catalog catalog(administration.store());
    if (lost) {
      // Before its keys are taken back from the store: what it could open.
      report::Table table{"To be issued anew, with new keys", {"Use", "Subject", "Thumbprint"}, {}};
      CERTFERRY_ASSIGN(const std::vector<StoredAssignment> assignments, catalog.assignments());
      for (const StoredAssignment& one : assignments) {
        const fleet::Assignment& assignment = one.assignment;
        if (!stored.member.computer.in(assignment.scope) || !stored.member.computer.hosts(assignment.type)) continue;
        for (const auto& slot : {assignment.current, assignment.previous,
                                 assignment.next ? std::optional(assignment.next->slot) : std::nullopt}) {
          if (!slot) continue;
          CERTFERRY_ASSIGN(const std::optional<Found> found, catalog.get(slot->certificate.sha256));
          if (!found) continue;
          table.rows.push_back({assignment.type, found->record.subject, found->record.thumbprint});
          reissue.push_back(
              {{"use", assignment.type}, {"subject", found->record.subject}, {"thumbprint", found->record.thumbprint}});
        }
      }
      if (!table.rows.empty()) frame.document.tables.push_back(std::move(table));
    }
    fleet::Member after = stored.member;
    after.state = lost ? fleet::Member::State::kLost : fleet::Member::State::kRemoved;
    if (after.state == stored.member.state) return {};
    changed = true;
    return administration.change(stored, std::move(after), lost ? "call " + fqdn + " lost" : "remove " + fqdn);
  };
  const Result<> done = leave();
  frame.document.status = changed ? report::Status::kDone : report::Status::kNothing;
  frame.document.headline = !done     ? "Nothing was changed"
                            : changed ? fqdn + (lost ? " is lost" : " has left the fleet")
                                      : fqdn + (lost ? " was lost already" : " had left already");
  return frame.finish(done, changed, {{"computer", fqdn}, {"changed", changed}, {"reissue", std::move(reissue)}});
}

Outcome join_fleet(Environment& environment, Home& home, std::string_view token, const std::string& output) {
  Frame frame(environment, home.config().computer.fqdn);
  std::string fqdn;
  const auto join = [&]() -> Result<> {
    CERTFERRY_ASSIGN(const seal::JoinToken read, seal::join_token_from(token));
    fqdn = read.computer.fqdn;
    if (home.membership() && home.membership()->fleet != read.fleet) {
      return fail(ErrorKind::kFailed, "CF1766", "this computer belongs to the fleet " + home.membership()->fleet,
                  "run the command in another home, or have this computer leave that fleet first");
    }
    if (frame.now() > read.not_after) {
      return fail(ErrorKind::kFailed, "CF1776", "the token was good until " + rfc3339(read.not_after),
                  "have a new one made: certferry computer add " + fqdn);
    }
    FileSystem& files = environment.files;
    CERTFERRY_ASSIGN(const x509::PrivateKey sealing, read_or_make_key(files, home.path(), FleetKey::kSealing));
    CERTFERRY_ASSIGN(const x509::PrivateKey identity, read_or_make_key(files, home.path(), FleetKey::kIdentity));
    CERTFERRY_ASSIGN(const std::string boot, boot_id(files));
    fleet::Member member{{read.fleet, 1, frame.now()}, read.computer, spki(sealing), spki(identity), boot,
                         fleet::Member::State::kActive};
    CERTFERRY_ASSIGN(const seal::Envelope envelope,
                     seal::sign_statement(fleet::Member::kKind, fleet::to_json(member), read.key));
    CERTFERRY_TRY(replace_file(files, output, as_bytes(seal::to_json(envelope) + "\n"), 0644));
    return write_membership(files, home.path(), {read.fleet, read.root, read.computer});
  };
  const Result<> done = join();
  frame.document.status = report::Status::kDone;
  frame.document.headline = done ? "Wrote " + output : "This computer did not join";
  if (done) frame.document.summary = {"Where the fleet is administered: certferry fleet accept FILE"};
  return frame.finish(done, done.has_value(), {{"computer", fqdn}, {"output", output}});
}

}  // namespace certferry::commands
