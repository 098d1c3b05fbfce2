#include "commands/fleet_members.h"

#include "fleet/store_keys.h"

namespace certferry::commands {

Result<seal::Trust> fleet_trust(const Home& home, store::Store& store) {
  if (!home.membership()) return std::unexpected(no_fleet());
  CERTFERRY_ASSIGN(seal::Trust trust, seal::Trust::make(home.membership()->fleet, home.membership()->root));
  CERTFERRY_ASSIGN(const store::Listing delegations, store.list(fleet::kDelegationKeys));
  for (const store::Entry& entry : delegations.entries) CERTFERRY_TRY(trust.add_delegation(entry.value));
  return trust;
}

Result<Members> fleet_members(store::Store& store, const seal::Trust& trust, Time now) {
  CERTFERRY_ASSIGN(const store::Listing listing, store.list(fleet::kMemberKeys));
  Members all;
  for (const store::Entry& entry : listing.entries) {
    const std::string fqdn = entry.key.substr(fleet::kMemberKeys.size());
    auto verified = trust.member(entry.value, now);
    if (verified && verified->statement.computer.fqdn == fqdn) {
      all.members.push_back({std::move(verified->statement), std::move(verified->signer), entry.revision});
      continue;
    }
    all.findings.push_back({"CF1764", Severity::kFatal,
                            "the store's statement of the computer " + fqdn + " does not hold" +
                                (verified ? ": it is another one's" : ": " + verified.error().message),
                            "nothing is sealed to it; have it join again, and see who can write to the store",
                            "certferry"});
  }
  return all;
}

Error no_fleet() {
  return {ErrorKind::kFailed, "CF1763", "this computer belongs to no fleet",
          "`certferry fleet init` makes one here, `certferry join TOKEN` joins one"};
}

Error no_such_computer(const std::string& fqdn) {
  return {ErrorKind::kUsage, "CF1767", "the fleet has no computer " + fqdn,
          "`certferry computer list` shows those it has"};
}

Result<fleet::Topology> fleet_topology(Home& home, Time now) {
  const fleet::Topology configured = home.config().topology();
  if (!home.membership()) return configured;
  fleet::Topology topology = configured;
  CERTFERRY_ASSIGN(store::Store* const store, home.store());
  CERTFERRY_ASSIGN(const seal::Trust trust, fleet_trust(home, *store));
  CERTFERRY_ASSIGN(const Members all, fleet_members(*store, trust, now));
  for (const StoredMember& one : all.members) {
    const bool active = one.member.state == fleet::Member::State::kActive;
    if (active && !configured.find(one.member.computer.fqdn)) topology.computers.push_back(one.member.computer);
  }
  return topology;
}

}  // namespace certferry::commands
