#include "commands/heartbeat.h"

#include "commands/drop.h"
#include "commands/fleet_files.h"
#include "commands/fleet_members.h"
#include "fleet/store_keys.h"
#include "seal/dsse.h"

namespace certferry::commands {
namespace {

struct Last {
  fleet::Heartbeat heartbeat;
  store::Revision revision = 0;
};

Result<std::optional<Last>> last_heartbeat(store::Store& store, const std::string& key) {
  CERTFERRY_ASSIGN(const std::optional<store::Entry> entry, store.get(key));
  if (!entry) return std::optional<Last>();
  CERTFERRY_ASSIGN(const seal::Envelope envelope, seal::envelope_from_json(entry->value));
  CERTFERRY_ASSIGN(fleet::Heartbeat heartbeat, fleet::statement_from_json<fleet::Heartbeat>(envelope.payload));
  return std::optional(Last{std::move(heartbeat), entry->revision});
}

}  // namespace

Result<std::optional<Time>> renew_heartbeat(Environment& environment, Home& home, Heartbeats how, Time now) {
  if (!home.membership()) return std::optional<Time>();
  CERTFERRY_ASSIGN(const bool administers, has_key(environment.files, home.path(), FleetKey::kAdministrator));
  if (!administers) return std::optional<Time>();
  CERTFERRY_ASSIGN(store::Store* const store, home.store());
  const std::string key(fleet::kHeartbeatKey);
  CERTFERRY_ASSIGN(const std::optional<Last> last, last_heartbeat(*store, key));
  if (!last && how == Heartbeats::kGoOn) return std::optional<Time>();
  if (last && last->heartbeat.head.issued <= now && now < last->heartbeat.head.issued + kHeartbeatEvery)
    return std::optional(last->heartbeat.head.issued + kHeartbeatEvery);
  const auto own = read_key(environment, home.path(), FleetKey::kAdministrator);
  // A fleet whose keys nobody can open without a person has none.
  if (!own && is_locked(own.error())) return std::optional<Time>();
  if (!own) return std::unexpected(own.error());
  const fleet::Heartbeat next{{home.membership()->fleet, last ? last->heartbeat.head.counter + 1 : 1, now}};
  CERTFERRY_ASSIGN(std::string statement, signed_text(next, *own));
  store::Batch batch;
  batch.expect(key, last ? last->revision : 0);
  batch.put(key, std::move(statement));
  const auto committed = store->commit(batch);
  // Somebody else said it at the same moment.
  if (!committed && committed.error().id != "CF1501") return std::unexpected(committed.error());
  return std::optional(now + kHeartbeatEvery);
}

Result<Silence> silence(Environment& environment, Home& home, Time now) {
  if (!home.membership()) return Silence();
  CERTFERRY_ASSIGN(const bool administers, has_key(environment.files, home.path(), FleetKey::kAdministrator));
  if (administers) return Silence();
  CERTFERRY_ASSIGN(store::Store* const store, home.store());
  CERTFERRY_ASSIGN(const std::optional<Last> last,
                   last_heartbeat(*store, std::string(kHeldKeys) + std::string(fleet::kHeartbeatKey)));
  if (!last) return Silence();
  const Time heard = last->heartbeat.head.issued;
  if (now <= heard + kSilenceAlarms) return Silence{{}, heard + kSilenceAlarms + std::chrono::seconds(1)};
  return Silence{
      Finding{"CF1753", Severity::kFatal,
              "nothing was heard of the fleet since " + rfc3339(heard) +
                  ": what was replaced or revoked since then may still serve here",
              "see whether the administrator's agent runs and a relay is reached; else somebody may hold back "
              "what is meant for this computer",
              "certferry"},
      {}};
}

}  // namespace certferry::commands
