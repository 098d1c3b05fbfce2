#include "commands/take.h"

#include <algorithm>

#include "commands/catalog.h"
#include "commands/drop.h"
#include "commands/fleet_files.h"
#include "commands/fleet_members.h"
#include "commands/reconcile.h"
#include "deploy/certificates.h"
#include "fleet/store_keys.h"
#include "seal/dsse.h"
#include "seal/sealed_key.h"
#include "store/audit.h"

namespace certferry::commands {
namespace {

using Entries = std::map<std::string, std::string>;

std::string held_key(std::string_view key) { return std::string(kHeldKeys) + std::string(key); }
std::string left_key(std::string_view key) { return std::string(kLeftKeys) + std::string(key); }

class Taker {
 public:
  Taker(Environment& environment, Home& home, store::Store& store, const Entries& entries, Frame& frame)
      : environment_(environment),
        home_(home),
        store_(store),
        catalog_(store),
        certificates_(environment.files, home.path()),
        entries_(entries),
        frame_(frame) {}

  [[nodiscard]] Result<Taken> run() {
    CERTFERRY_TRY(trust_all());
    CERTFERRY_TRY(take_own_statement());
    CERTFERRY_ASSIGN(const std::optional<Time> written, store::last_audit_time(store_));
    if (written) CERTFERRY_TRY(check_clock(*written, "this computer's store was last written"));
    Result<> first = take_heartbeat();
    if (!first) tell(std::string(fleet::kHeartbeatKey), first.error());
    CERTFERRY_ASSIGN(seal::OwnKey key, read_key(environment_, home_.path(), FleetKey::kSealing));
    sealing_.emplace(std::move(key));
    CERTFERRY_ASSIGN(taken_.changed, leave_scopes(home_, frame_.now()));
    for (const auto& [key_of, value] : entries_) {
      if (!key_of.starts_with(fleet::kManifestKeys)) continue;
      const Result<> taken = take_manifest(key_of, value);
      if (taken) continue;
      tell(key_of, taken.error());
      if (first) first = taken;
    }
    frame_.log("verify and open what came", first.has_value());
    // Also where nothing is new: an earlier run may have been killed before the disk followed.
    CERTFERRY_TRY(bring_to_disk(environment_, home_, frame_, taken_.changed, "Set-CsCertificate"));
    CERTFERRY_ASSIGN(const std::vector<std::string> dropped, drop_unneeded(environment_, home_));
    if (!dropped.empty()) frame_.log("drop " + std::to_string(dropped.size()) + " keys that are not needed any more");
    if (!first) return std::unexpected(first.error());
    return std::move(taken_);
  }

 private:
  // A clock that is behind would bring back what was served before.
  [[nodiscard]] Result<> check_clock(Time later, const std::string& what) const {
    if (later <= frame_.now() + kClockMayBeOff) return {};
    return fail(ErrorKind::kFailed, "CF2407",
                "the clock says " + rfc3339(frame_.now()) + ", but " + what + " at " + rfc3339(later) +
                    ": nothing is taken over by a wrong clock",
                "set the clock (chronyc makestep, timedatectl set-ntp true), here or where the fleet is administered");
  }

  [[nodiscard]] std::optional<std::string> entry(const std::string& key) const {
    const auto found = entries_.find(key);
    return found == entries_.end() ? std::nullopt : std::optional(found->second);
  }

  // What the store of this computer holds already, and what came: of two for one key the newer.
  [[nodiscard]] Result<> trust_all() {
    CERTFERRY_ASSIGN(trust_, fleet_trust(home_, store_));
    store::Batch batch;
    for (const auto& [key, value] : entries_) {
      if (!key.starts_with(fleet::kDelegationKeys)) continue;
      CERTFERRY_TRY(trust_->add_delegation(value));
      CERTFERRY_ASSIGN(const bool is_new, is_newer<fleet::Delegation>(key, key, value));
      if (is_new) batch.put(key, value);
    }
    if (batch.puts.empty()) return {};
    CERTFERRY_TRY(store_.commit(batch));
    return {};
  }

  // What was verified when it came stays good: only what is new needs somebody who may say it now.
  [[nodiscard]] Result<bool> is_held(const std::string& key, const std::string& value) {
    CERTFERRY_ASSIGN(const std::optional<store::Entry> held, store_.get(held_key(key)));
    return held && held->value == value;
  }

  template <typename Statement>
  [[nodiscard]] Result<bool> is_newer(const std::string& key, const std::string& held, const std::string& value) {
    CERTFERRY_ASSIGN(const std::optional<store::Entry> before, store_.get(held));
    if (!before) return true;
    CERTFERRY_ASSIGN(const seal::Envelope old_envelope, seal::envelope_from_json(before->value));
    CERTFERRY_ASSIGN(const seal::Envelope new_envelope, seal::envelope_from_json(value));
    CERTFERRY_ASSIGN(const Statement older, fleet::statement_from_json<Statement>(old_envelope.payload));
    CERTFERRY_ASSIGN(const Statement newer, fleet::statement_from_json<Statement>(new_envelope.payload));
    auto follows = seal::follows(older.head, old_envelope.payload, newer.head, new_envelope.payload);
    if (!follows) {
      Error error = follows.error();
      error.message = key + ": " + error.message;
      return std::unexpected(std::move(error));
    }
    return follows;
  }

  [[nodiscard]] Result<> take_own_statement() {
    const std::string& fqdn = home_.config().computer.fqdn;
    const std::string key = fleet::member_key(fqdn);
    const auto statement = entry(key);
    if (!statement) {
      return fail(ErrorKind::kRejected, "CF1772", "what came is for another computer than " + fqdn,
                  "have a bundle made for this one: certferry fleet bundle " + fqdn + " --output FILE");
    }
    CERTFERRY_ASSIGN(const bool held, is_held(key, *statement));
    fleet::Member member;
    if (held) {
      CERTFERRY_ASSIGN(const seal::Envelope envelope, seal::envelope_from_json(*statement));
      CERTFERRY_ASSIGN(member, fleet::statement_from_json<fleet::Member>(envelope.payload));
    } else {
      CERTFERRY_ASSIGN(seal::Verified<fleet::Member> own, trust_->member(*statement, frame_.now()));
      member = std::move(own.statement);
    }
    CERTFERRY_ASSIGN(const bool is_new, is_newer<fleet::Member>(key, held_key(key), *statement));
    CERTFERRY_ASSIGN(const bool changed, change_keys(environment_, home_.path(), member));
    if (changed) frame_.log("change this computer's keys for the new ones");
    CERTFERRY_ASSIGN(const seal::OwnKey identity, read_key(environment_, home_.path(), FleetKey::kIdentity));
    if (member.computer.fqdn != fqdn || !equal(member.identity_key, identity.public_key().spki())) {
      return fail(ErrorKind::kRejected, "CF1772", "what came is for another computer than " + fqdn,
                  "a computer that joined again has new keys: have a new bundle made");
    }
    if (member.state != fleet::Member::State::kActive) {
      return fail(ErrorKind::kNotPermitted, "CF1773",
                  "the fleet says that this computer is " + std::string(name_of(member.state)),
                  "nothing new is taken over; ask the fleet's administrators");
    }
    computer_ = member.computer;
    if (!is_new) return {};
    CERTFERRY_TRY(
        write_membership(environment_.files, home_.path(),
                         {home_.membership()->fleet, home_.membership()->root, computer_, home_.membership()->relays}));
    home_.set_computer(computer_);
    store::Batch batch;
    batch.put(held_key(key), *statement);
    CERTFERRY_TRY(store_.commit(batch));
    return {};
  }

  void tell(const std::string& key, const Error& error) {
    frame_.document.findings.push_back(
        {error.id, Severity::kFatal, key + ": " + error.message, error.fix, "certferry"});
  }

  [[nodiscard]] Result<> take_heartbeat() {
    const std::string key(fleet::kHeartbeatKey);
    const auto statement = entry(key);
    if (!statement) return {};
    CERTFERRY_ASSIGN(const bool held, is_held(key, *statement));
    if (held) return {};
    CERTFERRY_TRY(trust_->heartbeat(*statement, frame_.now()));
    CERTFERRY_ASSIGN(const bool is_new, is_newer<fleet::Heartbeat>(key, held_key(key), *statement));
    if (!is_new) return {};
    store::Batch batch;
    batch.put(held_key(key), *statement);
    CERTFERRY_TRY(store_.commit(batch));
    return {};
  }

  [[nodiscard]] Result<> take_manifest(const std::string& key, const std::string& value) {
    CERTFERRY_ASSIGN(const bool held, is_held(key, value));
    if (held) return {};
    CERTFERRY_ASSIGN(const seal::Verified<fleet::Manifest> verified, trust_->manifest(value, computer_, frame_.now()));
    const fleet::Manifest& manifest = verified.statement;
    CERTFERRY_TRY(check_clock(manifest.head.issued, "what serves " + manifest.type + " was signed"));
    if (fleet::manifest_key(manifest.scope, manifest.type) != key)
      return fail(ErrorKind::kRejected, "CF1774", "a manifest lies in another's place",
                  "nothing was taken over; see who can write to the store");
    if (!computer_.hosts(manifest.type)) return {};
    CERTFERRY_ASSIGN(const bool is_new, is_newer<fleet::Manifest>(key, held_key(key), value));
    if (!is_new) return {};
    store::Batch batch;
    CERTFERRY_ASSIGN(const std::optional<store::Entry> left, store_.get(left_key(key)));
    if (left) {
      // Of a scope that it was in before: the same again is welcome, an older one is not.
      CERTFERRY_TRY(is_newer<fleet::Manifest>(key, left_key(key), value));
      batch.remove(left->key);
    }
    if (manifest.assignment) {
      const fleet::Assignment& assignment = *manifest.assignment;
      if (assignment.current) CERTFERRY_TRY(take_certificate(manifest, *assignment.current, batch));
      if (assignment.next) CERTFERRY_TRY(take_certificate(manifest, assignment.next->slot, batch));
      if (assignment.previous) CERTFERRY_TRY(take_certificate(manifest, *assignment.previous, batch));
    }
    CERTFERRY_ASSIGN(const StoredAssignment before, catalog_.assignment(manifest.scope, manifest.type));
    fleet::Assignment after = manifest.assignment.value_or(fleet::Assignment());
    if (!manifest.assignment) {
      after.scope = manifest.scope;
      after.type = manifest.type;
      after.generation = before.assignment.generation;
      after.updated = frame_.now();
    }
    catalog_.put(batch, before, after);
    batch.put(held_key(key), value);
    const std::string action =
        "take over what serves " + manifest.type + " (" + manifest.scope.text() + "), signed by " + verified.signer;
    frame_.document.steps.push_back({computer_.fqdn, action, report::Step::State::kDone, ""});
    CERTFERRY_TRY(
        store::append_audit(store_, batch, {0, frame_.now(), frame_.actor(), environment_.command_line, {action}, ""}));
    CERTFERRY_TRY(store_.commit(batch));
    taken_.changed.push_back(manifest.type);
    return {};
  }

  [[nodiscard]] Result<> take_certificate(const fleet::Manifest& manifest, const fleet::Slot& slot,
                                          store::Batch& batch) {
    const auto& [sha256, chain, exportable] =
        *std::ranges::find(manifest.certificates, slot.certificate.sha256, &fleet::ManifestCertificate::sha256);
    CERTFERRY_ASSIGN(const std::optional<Found> there, catalog_.get(sha256));
    // The store may still name one that was dropped: a run that was killed takes it from the disk first.
    CERTFERRY_ASSIGN(const bool has_key, certificates_.has_key(sha256));
    if (there && has_key && there->record.has_key && there->record.exportable == exportable) return {};
    std::vector<x509::Certificate> certificates;
    for (const Bytes& der : chain) {
      CERTFERRY_ASSIGN(x509::Certificate one, x509::Certificate::from_der(der));
      certificates.push_back(std::move(one));
    }
    const x509::Certificate& leaf = certificates.front();
    CERTFERRY_ASSIGN(const x509::PrivateKey key, open(manifest, slot, exportable, leaf));

    CertificateRecord record = record_of(leaf);
    record.has_key = true;
    record.exportable = exportable;
    deploy::CertificateFiles files{sha256, leaf.pem(), "", key.pem(), ""};
    for (std::size_t i = 1; i < certificates.size(); ++i) {
      record.chain.push_back(certificates[i].sha256_hex());
      files.chain += certificates[i].pem();
    }
    files.info = to_json(record) + "\n";
    record.imported = frame_.now();
    deploy::ChosenAccess access = deploy::choose_access(exportable);
    // Before its key lies on the disk: killed in between, and told of another certificate then, it is still dropped.
    if (!there) CERTFERRY_TRY(mark(sha256));
    CERTFERRY_TRY(certificates_.write(files, access.access));
    CERTFERRY_TRY(certificates_.set_access(sha256, access.access));
    catalog_.put(batch, record, there ? there->revision : 0, leaf, certificates);
    return {};
  }

  [[nodiscard]] Result<> mark(const std::string& sha256) {
    store::Batch batch;
    mark_as_fleets(batch, sha256);
    CERTFERRY_TRY(store_.commit(batch));
    return {};
  }

  [[nodiscard]] Result<x509::PrivateKey> open(const fleet::Manifest& manifest, const fleet::Slot& slot, bool exportable,
                                              const x509::Certificate& leaf) const {
    const auto sealed = entry(fleet::sealed_key(computer_.fqdn, manifest.scope, manifest.type, slot.generation));
    if (!sealed) {
      return fail(ErrorKind::kFailed, kKeyNotSealed,
                  "the key of " + leaf->subject.label() + " was not sealed to this computer",
                  "run any certferry command where the fleet is administered, then take what comes");
    }
    const seal::SealedPlace place{manifest.head.fleet, computer_.fqdn,          manifest.type, manifest.scope.key(),
                                  slot.generation,     slot.certificate.sha256, exportable};
    return seal::open_key(*sealed, *sealing_, place, leaf->public_key);
  }

  Environment& environment_;
  Home& home_;
  store::Store& store_;
  Catalog catalog_;
  deploy::Certificates certificates_;
  const Entries& entries_;
  Frame& frame_;
  std::optional<seal::Trust> trust_;
  std::optional<seal::OwnKey> sealing_;
  fleet::Computer computer_;
  Taken taken_;
};

}  // namespace

Result<Taken> take_over(Environment& environment, Home& home, const Entries& entries, Frame& frame) {
  CERTFERRY_ASSIGN(store::Store* const store, home.store());
  return Taker(environment, home, *store, entries, frame).run();
}

}  // namespace certferry::commands
