#include "commands/computer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/ascii.h"
#include "commands/adopt.h"
#include "commands/catalog.h"
#include "commands/clones.h"
#include "commands/fleet_files.h"
#include "commands/fleet_members.h"
#include "commands/frame.h"
#include "commands/publish.h"
#include "commands/relay_setup.h"
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
    CERTFERRY_ASSIGN(seal::OwnKey key, read_key(environment_, home_.path(), FleetKey::kAdministrator));
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

  // Whoever else asked under that name was not it.
  [[nodiscard]] Result<> forget_applicants(const std::string& fqdn) {
    CERTFERRY_ASSIGN(const store::Listing asked, store_->list(std::string(fleet::kRequestKeys) + fqdn + "/"));
    store::Batch batch;
    for (const store::Entry& entry : asked.entries) batch.remove(entry.key);
    if (!batch.removals.empty()) CERTFERRY_TRY(store_->commit(batch));
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
  std::optional<seal::OwnKey> key_;

 public:
  Frame frame;
};

// Relays that the command names, else those that said where they are.
Result<std::vector<std::string>> relays_for(Administration& administration, const ComputerOptions& options) {
  if (options.relays.empty()) return announced_relays(administration.store());
  std::vector<std::string> relays;
  for (const std::string& text : options.relays) {
    CERTFERRY_ASSIGN(const RelayAddress relay, parse_relay(text));
    relays.push_back(relay.text());
  }
  return relays;
}

Result<Secret> make_token(Administration& administration, const fleet::Config& config, const ComputerOptions& options,
                          const std::vector<std::string>& relays) {
  fleet::Computer computer;
  CERTFERRY_ASSIGN(computer.fqdn, fleet::parse_fqdn(options.fqdn));
  CERTFERRY_TRY(apply(options, config, computer));
  const auto there = administration.member(computer.fqdn);
  const bool joined = there && there->member.state == fleet::Member::State::kActive;
  if (joined && !options.rekey) {
    return fail(ErrorKind::kConflict, "CF1771", "a computer " + computer.fqdn + " has joined already",
                "`certferry computer rekey " + computer.fqdn + "` lets it change its keys");
  }
  if (options.rekey) {
    if (!joined) return std::unexpected(no_such_computer(computer.fqdn));
    computer = there->member.computer;
  }
  const std::string key = fleet::enrolment_key(computer.fqdn);
  CERTFERRY_ASSIGN(const std::optional<store::Entry> before, administration.store().get(key));
  CERTFERRY_ASSIGN(x509::PrivateKey own, seal::make_key());
  const Time now = administration.frame.now();
  const std::string fqdn = computer.fqdn;
  const fleet::Enrolment enrolment{{administration.trust().fleet(), 1, now}, computer, spki(own), now + kTokenLives};
  CERTFERRY_TRY(administration.put(key, before ? before->revision : 0, enrolment, fqdn,
                                   "allow " + fqdn + (options.rekey ? " to change its keys" : " to join")));
  return seal::to_text(
      {std::move(computer), enrolment.head.fleet, administration.root(), relays, enrolment.not_after, std::move(own)});
}

// The one that asked with these keys. At least sixteen digits of the fingerprint are wanted: fewer could be met by trying.
Result<Applicant> find_applicant(Administration& administration, const std::string& fqdn, std::string fingerprint) {
  constexpr std::size_t kFewestDigits = 16;
  std::erase_if(fingerprint, [](char c) { return c == ':' || c == ' ' || c == '-'; });
  fingerprint = ascii_lower(fingerprint);
  CERTFERRY_ASSIGN(const std::vector<Applicant> all, applicants(administration.store()));
  for (const Applicant& one : all) {
    if (one.member.computer.fqdn == fqdn && fingerprint.size() >= kFewestDigits &&
        one.fingerprint.starts_with(fingerprint))
      return one;
  }
  return fail(ErrorKind::kNotPermitted, "CF2404", "no computer " + fqdn + " with that fingerprint asked to join",
              "`certferry computer requests` lists who did; give at least sixteen digits of the fingerprint that the "
              "computer itself shows");
}

}  // namespace

Outcome add_computer(Environment& environment, Home& home, const ComputerOptions& options) {
  Administration administration(environment, home);
  Frame& frame = administration.frame;
  ordered_json token = nullptr;
  std::vector<std::string> relays;
  const auto make = [&]() -> Result<> {
    CERTFERRY_TRY(administration.open());
    CERTFERRY_ASSIGN(relays, relays_for(administration, options));
    CERTFERRY_ASSIGN(const Secret made, make_token(administration, home.config(), options, relays));
    token = std::string(made.text());
    return {};
  };
  const Result<> done = make();
  frame.document.status = report::Status::kDone;
  frame.document.headline =
      done ? options.fqdn + (options.rekey ? " may change its keys" : " may join") : "Nobody may join";
  if (done) {
    frame.document.summary = {"On that computer, within 15 minutes, with this token, which is good for it alone:",
                              "certferry join " + token.get<std::string>() + (options.rekey ? " --new-keys" : "") +
                                  (relays.empty() ? " --output FILE" : "")};
    if (relays.empty()) frame.document.summary.emplace_back("Then here: certferry fleet accept FILE");
  }
  return frame.finish(done, done.has_value(),
                      {{"computer", options.fqdn}, {"token", std::move(token)}, {"relays", relays}});
}

Outcome show_applicants(Environment& environment, Home& home) {
  Frame frame(environment, home.config().computer.fqdn);
  ordered_json json = ordered_json::array();
  const auto look = [&]() -> Result<> {
    if (!home.membership()) return std::unexpected(no_fleet());
    CERTFERRY_ASSIGN(store::Store* const store, home.store());
    CERTFERRY_ASSIGN(const std::vector<Applicant> all, applicants(*store));
    report::Table table{"", {"Computer", "Fingerprint", "Asked"}, {}};
    for (const Applicant& one : all) {
      const std::string asked = rfc3339(one.member.head.issued);
      table.rows.push_back({one.member.computer.fqdn, one.fingerprint, asked});
      json.push_back({{"fqdn", one.member.computer.fqdn}, {"fingerprint", one.fingerprint}, {"asked", asked}});
    }
    frame.document.headline = all.empty() ? "No computer asks to join" : "Computers that ask to join";
    if (!all.empty()) {
      frame.document.summary = {"Compare the fingerprint with the one that the computer shows, then:",
                                "certferry computer approve FQDN --fingerprint FINGERPRINT"};
      frame.document.tables.push_back(std::move(table));
    }
    return {};
  };
  const Result<> done = look();
  frame.document.status = report::Status::kShown;
  return frame.finish(done, false, {{"computers", std::move(json)}});
}

Outcome approve_computer(Environment& environment, Home& home, const ComputerOptions& options,
                         const std::string& fingerprint) {
  Administration administration(environment, home);
  Frame& frame = administration.frame;
  const auto approve = [&]() -> Result<> {
    CERTFERRY_TRY(administration.open());
    CERTFERRY_ASSIGN(const Applicant applicant, find_applicant(administration, options.fqdn, fingerprint));
    fleet::Member member = applicant.member;
    member.computer = {};
    member.computer.fqdn = options.fqdn;
    member.state = fleet::Member::State::kActive;
    CERTFERRY_TRY(apply(options, home.config(), member.computer));
    const auto there = administration.member(options.fqdn);
    if (there && there->member.state == fleet::Member::State::kActive) {
      return fail(ErrorKind::kConflict, "CF1771", "a computer " + options.fqdn + " has joined already",
                  "certferry computer remove " + options.fqdn + " comes before joining anew");
    }
    StoredMember before{member, "", 0};
    before.member.head.counter = 0;
    if (there) before = *there;
    CERTFERRY_TRY(administration.change(before, std::move(member), "take " + options.fqdn + " into the fleet"));
    return administration.forget_applicants(options.fqdn);
  };
  const Result<> done = approve();
  frame.document.status = report::Status::kDone;
  frame.document.headline = done ? options.fqdn + " has joined" : "Nobody was taken in";
  return frame.finish(done, done.has_value(), {{"computer", options.fqdn}});
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

Outcome release_computer(Environment& environment, Home& home, const std::string& fqdn) {
  Administration administration(environment, home);
  Frame& frame = administration.frame;
  const auto release = [&]() -> Result<> {
    CERTFERRY_TRY(administration.open());
    CERTFERRY_ASSIGN(const StoredMember stored, administration.member(fqdn));
    if (stored.member.state != fleet::Member::State::kQuarantined) {
      return fail(ErrorKind::kUsage, "CF1794", fqdn + " is not quarantined",
                  "`certferry computer list` shows the state of each");
    }
    store::Batch batch;
    CERTFERRY_TRY(forget_clones(administration.store(), batch, fqdn));
    for (const std::string& key : {fleet::status_key(fqdn)}) batch.remove(key);
    CERTFERRY_TRY(administration.store().commit(batch));
    fleet::Member after = stored.member;
    after.state = fleet::Member::State::kActive;
    return administration.change(stored, std::move(after), "release " + fqdn + " from quarantine");
  };
  const Result<> done = release();
  frame.document.status = report::Status::kDone;
  frame.document.headline = done ? fqdn + " is active again" : "Nothing was changed";
  return frame.finish(done, done.has_value(), {{"computer", fqdn}, {"changed", done.has_value()}});
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

}  // namespace certferry::commands
