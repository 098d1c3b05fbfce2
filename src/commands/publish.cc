#include "commands/publish.h"

#include <algorithm>
#include <map>
#include <set>

#include "commands/attempts.h"
#include "commands/catalog.h"
#include "commands/clones.h"
#include "commands/fleet_files.h"
#include "commands/fleet_members.h"
#include "commands/store_restore.h"
#include "commands/heartbeat.h"
#include "deploy/certificates.h"
#include "deploy/materials.h"
#include "fleet/store_keys.h"
#include "seal/dsse.h"
#include "seal/keys.h"
#include "seal/sealed_key.h"
#include "store/audit.h"

namespace certferry::commands {
namespace {

constexpr std::size_t kBatchPuts = 100;

class Publisher {
 public:
  Publisher(Environment& environment, Home& home, store::Store& store, std::string_view cmdlet, Time now)
      : environment_(environment),
        home_(home),
        store_(store),
        catalog_(store),
        certificates_(environment.files, home.path()),
        cmdlet_(cmdlet),
        now_(now) {}

  [[nodiscard]] Result<> run() {
    CERTFERRY_TRY(read());
    CERTFERRY_ASSIGN(least_counter_, least_counter(store_));
    CERTFERRY_ASSIGN(const std::vector<StoredAssignment> assignments, catalog_.assignments());
    for (const StoredAssignment& stored : assignments) CERTFERRY_TRY(publish_one(stored.assignment));
    CERTFERRY_TRY(flush());
    CERTFERRY_TRY(take_back());
    return {};
  }

  [[nodiscard]] Result<> run_reseal() {
    CERTFERRY_TRY(read());
    CERTFERRY_ASSIGN(const store::Listing manifests, store_.list(fleet::kManifestKeys));
    for (const store::Entry& entry : manifests.entries) {
      const auto envelope = seal::envelope_from_json(entry.value);
      const auto manifest = envelope ? fleet::statement_from_json<fleet::Manifest>(envelope->payload)
                                     : Result<fleet::Manifest>(std::unexpected(envelope.error()));
      if (!manifest || !manifest->assignment) continue;
      for (const StoredMember& stored : members_.members)
        CERTFERRY_TRY(reseal_to(stored.member, *manifest, entry.value));
    }
    return flush();
  }

  [[nodiscard]] Published take() { return std::move(result_); }

 private:
  using Materials = std::map<std::string, deploy::Materials>;  // by SHA-256

  [[nodiscard]] Result<> read() {
    result_ = {};
    wanted_.clear();
    CERTFERRY_ASSIGN(seal::Trust trust, fleet_trust(home_, store_));
    trust_.emplace(std::move(trust));
    CERTFERRY_ASSIGN(members_, fleet_members(store_, *trust_, now_));
    result_.findings = members_.findings;
    CERTFERRY_ASSIGN(const store::Listing sealed, store_.list(fleet::kSealedKeys));
    sealed_.clear();
    for (const store::Entry& entry : sealed.entries) sealed_[entry.key] = entry.value;
    return {};
  }

  // The certificate with its key; nothing where the key is not here.
  [[nodiscard]] Result<std::optional<deploy::Materials>> materials_of(const std::string& sha256) {
    CERTFERRY_ASSIGN(const std::optional<Found> found, catalog_.get(sha256));
    CERTFERRY_ASSIGN(const bool has_key, certificates_.has_key(sha256));
    if (!found || !found->record.has_key || !has_key) return std::nullopt;
    CERTFERRY_ASSIGN(const Secret chain, certificates_.read(sha256, "fullchain.pem"));
    CERTFERRY_ASSIGN(const Secret key, certificates_.read(sha256, "privkey.pem"));
    CERTFERRY_ASSIGN(deploy::Materials made, deploy::materials_from_pem(chain.text(), key));
    return made;
  }

  [[nodiscard]] static std::vector<fleet::Slot> slots_of(const fleet::Assignment& assignment) {
    std::vector<fleet::Slot> slots;
    if (assignment.current) slots.push_back(*assignment.current);
    if (assignment.next) slots.push_back(assignment.next->slot);
    if (assignment.previous) slots.push_back(*assignment.previous);
    return slots;
  }

  [[nodiscard]] Result<> publish_one(const fleet::Assignment& assignment) {
    const std::string where = assignment.type + " (" + assignment.scope.text() + ")";
    fleet::Manifest manifest{{home_.membership()->fleet, 1, now_}, assignment.scope, assignment.type, cmdlet_, {}, {}};
    if (!assignment.empty()) manifest.assignment = assignment;
    Materials materials;
    for (const fleet::Slot& slot : slots_of(assignment)) {
      const std::string& sha256 = slot.certificate.sha256;
      CERTFERRY_ASSIGN(std::optional<deploy::Materials> made, materials_of(sha256));
      if (!made) {
        if (was_published(assignment)) return {};
        result_.findings.push_back(
            {"CF1765", Severity::kWarning,
             "the computers of the fleet do not get what is assigned to " + where +
                 ": there is no private key here for " + sha256.substr(0, 16) + "…",
             "the agent of the home that has it seals it; else import the certificate with its key here", "certferry"});
        return {};
      }
      CERTFERRY_ASSIGN(const std::optional<Found> found, catalog_.get(sha256));
      fleet::ManifestCertificate one{sha256, {made->leaf->der}, found->record.exportable};
      for (const x509::Certificate& issuer : made->chain) one.chain.push_back(issuer->der);
      manifest.certificates.push_back(std::move(one));
      materials.emplace(sha256, std::move(*made));
    }
    CERTFERRY_TRY(seal_to_all(manifest, materials));
    return sign(std::move(manifest), where);
  }

  [[nodiscard]] bool is_recipient(const fleet::Member& member, const fleet::Assignment& assignment) const {
    const fleet::Computer& computer = member.computer;
    return member.state == fleet::Member::State::kActive && computer.fqdn != home_.config().computer.fqdn &&
           computer.in(assignment.scope) && computer.hosts(assignment.type);
  }

  // Another home that shares the store has the key, and sealed it to everybody. What it sealed stays in any case.
  [[nodiscard]] bool was_published(const fleet::Assignment& assignment) {
    bool complete = true;
    for (const StoredMember& stored : members_.members) {
      if (!is_recipient(stored.member, assignment)) continue;
      for (const fleet::Slot& slot : slots_of(assignment)) {
        const std::string key =
            fleet::sealed_key(stored.member.computer.fqdn, assignment.scope, assignment.type, slot.generation);
        complete = complete && sealed_.contains(key);
        wanted_.insert(key);
      }
    }
    return complete;
  }

  [[nodiscard]] Result<> seal_to_all(const fleet::Manifest& manifest, const Materials& materials) {
    if (!manifest.assignment) return {};
    for (const StoredMember& stored : members_.members) {
      if (!is_recipient(stored.member, *manifest.assignment)) continue;
      CERTFERRY_ASSIGN(const x509::PublicKey recipient, seal::read_key(stored.member.sealing_key));
      for (const fleet::Slot& slot : slots_of(*manifest.assignment)) {
        const seal::SealedPlace place = place_of(manifest, slot, stored.member);
        CERTFERRY_TRY(seal_one(materials.at(place.sha256), recipient, place,
                               fleet::sealed_key(place.computer, manifest.scope, manifest.type, slot.generation)));
      }
    }
    return {};
  }

  [[nodiscard]] static seal::SealedPlace place_of(const fleet::Manifest& manifest, const fleet::Slot& slot,
                                                  const fleet::Member& member) {
    const auto certificate =
        std::ranges::find(manifest.certificates, slot.certificate.sha256, &fleet::ManifestCertificate::sha256);
    return {manifest.head.fleet, member.computer.fqdn,    manifest.type,          manifest.scope.key(),
            slot.generation,     slot.certificate.sha256, certificate->exportable};
  }

  // `manifest`: what `envelope` says, not verified yet.
  [[nodiscard]] Result<> reseal_to(const fleet::Member& member, const fleet::Manifest& manifest,
                                   const std::string& envelope) {
    if (!is_recipient(member, *manifest.assignment)) return {};
    CERTFERRY_ASSIGN(const x509::PublicKey recipient, seal::read_key(member.sealing_key));
    for (const fleet::Slot& slot : slots_of(*manifest.assignment)) {
      const std::string& sha256 = slot.certificate.sha256;
      const std::string key = fleet::sealed_key(member.computer.fqdn, manifest.scope, manifest.type, slot.generation);
      if (std::ranges::find(manifest.certificates, sha256, &fleet::ManifestCertificate::sha256) ==
          manifest.certificates.end())
        return {};
      const seal::SealedPlace place = place_of(manifest, slot, member);
      const auto there = sealed_.find(key);
      if (there != sealed_.end() && seal::is_sealed_for(there->second, recipient, place)) continue;
      if (!trust_->manifest(envelope, member.computer, now_)) return {};
      CERTFERRY_ASSIGN(const std::optional<deploy::Materials> materials, materials_of(sha256));
      if (materials) CERTFERRY_TRY(seal_one(*materials, recipient, place, key));
    }
    return {};
  }

  [[nodiscard]] Result<> seal_one(const deploy::Materials& materials, const x509::PublicKey& recipient,
                                  const seal::SealedPlace& place, const std::string& key) {
    wanted_.insert(key);
    const auto there = sealed_.find(key);
    if (there != sealed_.end() && seal::is_sealed_for(there->second, recipient, place)) return {};
    CERTFERRY_ASSIGN(std::string sealed, seal::seal_key(materials.key, recipient, place));
    batch_.put(key, std::move(sealed));
    ++sealed_now_;
    return batch_.puts.size() < kBatchPuts ? Result<>() : flush();
  }

  [[nodiscard]] Result<> sign(fleet::Manifest manifest, const std::string& where) {
    const std::string key = fleet::manifest_key(manifest.scope, manifest.type);
    CERTFERRY_ASSIGN(const std::optional<store::Entry> there, store_.get(key));
    if (there) {
      CERTFERRY_ASSIGN(const seal::Envelope envelope, seal::envelope_from_json(there->value));
      CERTFERRY_ASSIGN(const fleet::Manifest before, fleet::statement_from_json<fleet::Manifest>(envelope.payload));
      fleet::Manifest same = manifest;
      same.head = before.head;
      same.cmdlet = before.cmdlet;
      if (same == before && before.head.counter >= least_counter_) return {};
      manifest.head.counter = before.head.counter + 1;
    } else if (!manifest.assignment) {
      return {};
    }
    manifest.head.counter = std::max(manifest.head.counter, least_counter_);
    CERTFERRY_TRY(flush());
    if (!own_) {
      CERTFERRY_ASSIGN(own_, read_key(environment_, home_.path(), FleetKey::kAdministrator));
    }
    CERTFERRY_ASSIGN(const seal::Envelope envelope,
                     seal::sign_statement(fleet::Manifest::kKind, fleet::to_json(manifest), *own_));
    store::Batch batch;
    batch.expect(key, there ? there->revision : 0);
    batch.put(key, seal::to_json(envelope));
    const std::string action = "tell the fleet what serves " + where;
    CERTFERRY_TRY(store::append_audit(store_, batch,
                                      {0,
                                       now_,
                                       environment_.actor.name + " (" + std::to_string(environment_.actor.uid) + ")",
                                       environment_.command_line,
                                       {action},
                                       ""}));
    CERTFERRY_TRY(store_.commit(batch));
    result_.actions.push_back(action);
    return {};
  }

  [[nodiscard]] Result<> flush() {
    if (batch_.puts.empty() && batch_.removals.empty()) return {};
    CERTFERRY_TRY(store_.commit(std::exchange(batch_, {})));
    if (sealed_now_ > 0) result_.actions.push_back("seal " + std::to_string(std::exchange(sealed_now_, 0)) + " keys");
    return {};
  }

  // Old generations, and what was meant for computers that left or moved.
  [[nodiscard]] Result<> take_back() {
    for (const auto& [key, value] : sealed_) {
      if (wanted_.contains(key)) continue;
      batch_.remove(key);
      if (batch_.removals.size() >= kBatchPuts) CERTFERRY_TRY(flush());
    }
    return flush();
  }

  Environment& environment_;
  Home& home_;
  store::Store& store_;
  Catalog catalog_;
  deploy::Certificates certificates_;
  const std::string cmdlet_;
  const Time now_;
  std::optional<seal::Trust> trust_;
  Members members_;
  std::uint64_t least_counter_ = 0;
  std::map<std::string, std::string> sealed_;  // what the store holds
  std::set<std::string> wanted_;
  store::Batch batch_;
  std::size_t sealed_now_ = 0;
  std::optional<seal::OwnKey> own_;  // the administrator's, once something was to be signed
  Published result_;
};

}  // namespace

Result<Published> reseal(Environment& environment, Home& home, Time now) {
  if (!home.membership()) return Published();
  CERTFERRY_ASSIGN(const bool administers, has_key(environment.files, home.path(), FleetKey::kAdministrator));
  if (!administers) return Published();
  CERTFERRY_ASSIGN(store::Store* const store, home.store());
  Publisher publisher(environment, home, *store, "", now);
  CERTFERRY_TRY(publisher.run_reseal());
  return publisher.take();
}

Result<Published> publish(Environment& environment, Home& home, std::string_view cmdlet, Time now) {
  if (!home.membership()) return Published();
  CERTFERRY_ASSIGN(const bool administers, has_key(environment.files, home.path(), FleetKey::kAdministrator));
  if (!administers) return Published();
  CERTFERRY_ASSIGN(store::Store* const store, home.store());
  Findings clones;
  const auto quarantine = [&]() -> Result<> {
    CERTFERRY_ASSIGN(clones, quarantine_clones(environment, home, now));
    return {};
  };
  CERTFERRY_TRY(apply_or_plan_again([] { return Result<>(); }, quarantine));
  Publisher publisher(environment, home, *store, cmdlet, now);
  const auto again = [&] { return publisher.run(); };
  CERTFERRY_TRY(apply_or_plan_again([] { return Result<>(); }, again));
  CERTFERRY_TRY(renew_heartbeat(environment, home, Heartbeats::kGoOn, now));
  Published published = publisher.take();
  published.findings.insert(published.findings.begin(), clones.begin(), clones.end());
  return published;
}

}  // namespace certferry::commands
