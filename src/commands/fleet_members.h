// The computers of the fleet, as the store tells of them and their signatures prove.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/finding.h"
#include "base/result.h"
#include "commands/home.h"
#include "fleet/statements.h"
#include "seal/dsse.h"
#include "seal/trust.h"
#include "store/store.h"

namespace certferry::commands {

struct StoredMember {
  fleet::Member member;
  std::string signer;
  store::Revision revision = 0;
};

// The root that the home knows, and every delegation of the store. CF1763 where the home belongs to no fleet.
[[nodiscard]] Result<seal::Trust> fleet_trust(const Home& home, store::Store& store);

// By fqdn, whatever their state: those whom an administrator signed. One that does not verify is left out and told.
struct Members {
  std::vector<StoredMember> members;
  Findings findings;
};
[[nodiscard]] Result<Members> fleet_members(store::Store& store, const seal::Trust& trust, Time now);

// A statement in its envelope, as the store holds it.
template <typename Statement>
[[nodiscard]] Result<std::string> signed_text(const Statement& statement, seal::KeyRef key) {
  CERTFERRY_ASSIGN(const seal::Envelope envelope,
                   seal::sign_statement(Statement::kKind, fleet::to_json(statement), key));
  return seal::to_json(envelope);
}

// CF1763.
[[nodiscard]] Error no_fleet();
// CF1767.
[[nodiscard]] Error no_such_computer(const std::string& fqdn);

// This computer and the active ones of its fleet.
[[nodiscard]] Result<fleet::Topology> fleet_topology(Home& home, Time now);

}  // namespace certferry::commands
