#include "commands/drop.h"

#include <algorithm>

#include "commands/catalog.h"
#include "deploy/certificates.h"
#include "deploy/generations.h"
#include "fleet/statements.h"
#include "fleet/store_keys.h"
#include "seal/dsse.h"

namespace certferry::commands {
namespace {

constexpr std::string_view kMarks = "from-fleet/";

std::string below(std::string_view prefix, std::string_view key) { return std::string(prefix) + std::string(key); }

}  // namespace

void mark_as_fleets(store::Batch& batch, std::string_view sha256) { batch.put(below(kMarks, sha256), ""); }

Result<std::vector<std::string>> leave_scopes(Home& home, Time now) {
  CERTFERRY_ASSIGN(store::Store* const store, home.store());
  Catalog catalog(*store);
  const fleet::Computer& computer = home.config().computer;
  CERTFERRY_ASSIGN(const store::Listing held, store->list(below(kHeldKeys, fleet::kManifestKeys)));
  std::vector<std::string> types;
  for (const store::Entry& entry : held.entries) {
    CERTFERRY_ASSIGN(const seal::Envelope envelope, seal::envelope_from_json(entry.value));
    CERTFERRY_ASSIGN(const fleet::Manifest manifest, fleet::statement_from_json<fleet::Manifest>(envelope.payload));
    if (computer.in(manifest.scope) && computer.hosts(manifest.type)) continue;
    CERTFERRY_ASSIGN(const StoredAssignment before, catalog.assignment(manifest.scope, manifest.type));
    fleet::Assignment after = before.assignment;
    after.current.reset();
    after.next.reset();
    after.previous.reset();
    after.updated = now;
    store::Batch batch;
    catalog.put(batch, before, after);
    batch.remove(entry.key);
    batch.put(below(kLeftKeys, std::string_view(entry.key).substr(kHeldKeys.size())), entry.value);
    CERTFERRY_TRY(store->commit(batch));
    types.push_back(manifest.type);
  }
  return types;
}

Result<std::vector<std::string>> drop_unneeded(Environment& environment, Home& home) {
  CERTFERRY_ASSIGN(store::Store* const store, home.store());
  Catalog catalog(*store);
  const fleet::Computer& computer = home.config().computer;
  CERTFERRY_ASSIGN(const std::vector<StoredAssignment> assignments, catalog.assignments());
  CERTFERRY_ASSIGN(const store::Listing marks, store->list(kMarks));
  std::vector<std::string> dropped;
  deploy::Certificates certificates(environment.files, home.path());
  for (const store::Entry& mark : marks.entries) {
    const std::string sha256 = mark.key.substr(kMarks.size());
    const bool needed = std::ranges::any_of(assignments, [&](const StoredAssignment& stored) {
      const fleet::Assignment& one = stored.assignment;
      return computer.in(one.scope) && computer.hosts(one.type) && one.names(sha256);
    });
    if (needed) continue;
    // The store forgets it last: what is left after a kill is still marked.
    CERTFERRY_TRY(certificates.remove(sha256));
    store::Batch batch;
    CERTFERRY_TRY(catalog.remove(batch, sha256));
    batch.remove(mark.key);
    CERTFERRY_TRY(store->commit(batch));
    dropped.push_back(sha256);
  }
  for (const StoredAssignment& stored : assignments) {
    const bool serves = std::ranges::any_of(assignments, [&](const StoredAssignment& other) {
      return other.assignment.type == stored.assignment.type && computer.in(other.assignment.scope) &&
             !other.assignment.empty();
    });
    if (serves && computer.hosts(stored.assignment.type)) continue;
    CERTFERRY_TRY(deploy::Generations(environment.files, home.path(), stored.assignment.type).prune(0));
  }
  return dropped;
}

}  // namespace certferry::commands
