#include "commands/clones.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "commands/fleet_files.h"
#include "commands/fleet_members.h"
#include "fleet/store_keys.h"
#include "seal/dsse.h"
#include "seal/keys.h"
#include "store/audit.h"
#include "x509/digest.h"

namespace certferry::commands {
namespace {

using nlohmann::json;

constexpr std::size_t kBootsKept = 64;

std::string history_key(const std::string& fqdn) { return "status-history/" + fqdn; }

// What is remembered of what one identity key signed.
struct History {
  std::string identity;  // key id
  std::uint64_t counter = 0;
  std::string digest;  // of the payload under that counter
  std::vector<std::string> boots;  // the last one speaks now
  std::string suspicion;
};

struct Kept {
  History history;
  store::Revision revision = 0;
};

std::string to_json(const History& history) {
  return json({{"schema", 1},
               {"identity", history.identity},
               {"counter", history.counter},
               {"digest", history.digest},
               {"boots", history.boots},
               {"suspicion", history.suspicion}})
      .dump();
}

// Begins anew where it cannot be read, or is of other keys: the computer joined again.
Result<Kept> history_of(store::Store& store, const fleet::Member& member) {
  const std::string identity = seal::key_id(member.identity_key);
  Kept kept{{identity, 0, "", {member.boot_id}, ""}, 0};
  CERTFERRY_ASSIGN(const std::optional<store::Entry> entry, store.get(history_key(member.computer.fqdn)));
  if (!entry) return kept;
  kept.revision = entry->revision;
  const json value = json::parse(entry->value, nullptr, false);
  try {
    if (value.at("identity") != identity) return kept;
    kept.history = {identity, value.at("counter"), value.at("digest"), value.at("boots"), value.at("suspicion")};
  } catch (const json::exception&) {
    return kept;
  }
  return kept;
}

// True: something of it is new.
bool note(History& history, const fleet::Status& status, std::string_view payload) {
  const std::string digest = hex_lower(x509::sha256(as_bytes(payload)));
  if (status.head.counter < history.counter) return false;
  if (status.head.counter == history.counter) {
    if (digest == history.digest || !history.suspicion.empty()) return false;
    history.suspicion = "two different statements bear its counter " + std::to_string(history.counter);
    return true;
  }
  history.counter = status.head.counter;
  history.digest = digest;
  if (!history.boots.empty() && history.boots.back() == status.boot_id) return true;
  const auto before = std::ranges::find(history.boots, status.boot_id);
  if (before != history.boots.end()) {
    if (history.suspicion.empty()) history.suspicion = "two starts of it speak by turns";
    history.boots.erase(before);
  }
  history.boots.push_back(status.boot_id);
  if (history.boots.size() > kBootsKept) history.boots.erase(history.boots.begin());
  return true;
}

Result<> quarantine(Environment& environment, Home& home, store::Store& store, const StoredMember& stored,
                    const std::string& action, Time now) {
  CERTFERRY_ASSIGN(const seal::OwnKey own, read_key(environment, home.path(), FleetKey::kAdministrator));
  fleet::Member after = stored.member;
  after.head.counter += 1;
  after.head.issued = now;
  after.state = fleet::Member::State::kQuarantined;
  CERTFERRY_ASSIGN(std::string statement, signed_text(after, own));
  const std::string key = fleet::member_key(after.computer.fqdn);
  store::Batch batch;
  batch.expect(key, stored.revision);
  batch.put(key, std::move(statement));
  const std::string actor = environment.actor.name + " (" + std::to_string(environment.actor.uid) + ")";
  CERTFERRY_TRY(store::append_audit(store, batch, {0, now, actor, environment.command_line, {action}, ""}));
  CERTFERRY_TRY(store.commit(batch));
  return {};
}

}  // namespace

Result<> watch(store::Store& store, store::Batch& batch, const fleet::Member& member, const fleet::Status& status,
               std::string_view payload) {
  CERTFERRY_ASSIGN(Kept kept, history_of(store, member));
  if (!note(kept.history, status, payload)) return {};
  const std::string key = history_key(member.computer.fqdn);
  batch.expect(key, kept.revision);
  batch.put(key, to_json(kept.history));
  return {};
}

Result<Findings> quarantine_clones(Environment& environment, Home& home, Time now) {
  CERTFERRY_ASSIGN(store::Store* const store, home.store());
  CERTFERRY_ASSIGN(const seal::Trust trust, fleet_trust(home, *store));
  CERTFERRY_ASSIGN(const Members all, fleet_members(*store, trust, now));
  Findings findings;
  for (const StoredMember& one : all.members) {
    if (one.member.state != fleet::Member::State::kActive) continue;
    const std::string& fqdn = one.member.computer.fqdn;
    CERTFERRY_ASSIGN(const std::optional<store::Entry> said, store->get(fleet::status_key(fqdn)));
    const auto status = said ? trust.status(said->value, one.member) : std::unexpected(Error());
    if (status) {
      store::Batch batch;
      CERTFERRY_ASSIGN(const seal::Envelope envelope, seal::envelope_from_json(said->value));
      CERTFERRY_TRY(watch(*store, batch, one.member, status->statement, envelope.payload));
      if (!batch.puts.empty()) CERTFERRY_TRY(store->commit(batch));
    }
    CERTFERRY_ASSIGN(const Kept kept, history_of(*store, one.member));
    if (kept.history.suspicion.empty()) continue;
    const std::string& why = kept.history.suspicion;
    CERTFERRY_TRY(quarantine(environment, home, *store, one, "quarantine " + fqdn + ": " + why, now));
    findings.push_back(
        {"CF1793", Severity::kFatal, fqdn + " is there twice: " + why,
         "nothing is sealed to it any more; find the other machine with its keys, have it join anew (certferry "
         "computer add " +
             fqdn + "), and replace its certificates if nobody knows who has the copy",
         "certferry"});
  }
  return findings;
}

Result<> forget_clones(store::Store& store, store::Batch& batch, const std::string& fqdn) {
  CERTFERRY_ASSIGN(const std::optional<store::Entry> entry, store.get(history_key(fqdn)));
  if (entry) batch.remove(entry->key);
  return {};
}

}  // namespace certferry::commands
