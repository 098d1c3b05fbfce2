#include "commands/published_keys.h"

#include <algorithm>

#include "commands/attempts.h"
#include "deploy/jwks.h"
#include "deploy/published_file.h"
#include "store/audit.h"

namespace certferry::commands {
namespace {

Result<deploy::PublishedCertificate> certificate_of(Catalog& catalog, const std::string& sha256) {
  CERTFERRY_ASSIGN(const std::optional<Found> found, catalog.get(sha256));
  if (!found) return fail(ErrorKind::kFailed, "CF1710", "the store lacks the certificate " + sha256, "import it again");
  CERTFERRY_ASSIGN(x509::Certificate leaf, catalog.certificate(sha256));
  deploy::PublishedCertificate published{std::move(leaf), {}};
  for (const std::string& issuer : found->record.chain) {
    CERTFERRY_ASSIGN(x509::Certificate certificate, catalog.certificate(issuer));
    published.chain.push_back(std::move(certificate));
  }
  return published;
}

void add(std::vector<std::string>& certificates, const std::optional<std::string>& sha256) {
  const bool known = sha256 && std::ranges::find(certificates, *sha256) != certificates.end();
  if (sha256 && !sha256->empty() && !known) certificates.push_back(*sha256);
}

std::vector<std::string> certificates_of(const Target& target) {
  std::vector<std::string> certificates;
  for (const auto& each : {target.current, target.next, target.previous}) add(certificates, each);
  return certificates;
}

}  // namespace

PublishedKeys::PublishedKeys(Environment& environment, const Home& home, Catalog& catalog, std::string type,
                             const std::vector<deploy::Binding>& bindings)
    : environment_(environment), home_(home), catalog_(catalog), type_(std::move(type)), bindings_(bindings) {}

Result<> PublishedKeys::widen(const Target& target, const deploy::Live& live) {
  std::vector<std::string> certificates = certificates_of(target);
  for (const auto& each : {live.current, live.next, live.previous}) {
    if (each) add(certificates, each->sha256);
  }
  return bring_to(certificates);
}

Result<> PublishedKeys::narrow(const Target& target) { return bring_to(certificates_of(target)); }

Result<> PublishedKeys::bring_to(const std::vector<std::string>& certificates) {
  if (std::ranges::none_of(bindings_, &deploy::Binding::publishes_keys)) return {};
  std::vector<deploy::PublishedCertificate> published;
  for (const std::string& sha256 : certificates) {
    CERTFERRY_ASSIGN(deploy::PublishedCertificate one, certificate_of(catalog_, sha256));
    published.push_back(std::move(one));
  }
  CERTFERRY_ASSIGN(const std::string set, deploy::jwk_set(published));
  for (const deploy::Binding& binding : bindings_) {
    for (std::size_t i = 0; i < binding.files.size(); ++i) {
      if (binding.files[i].content != deploy::Content::kJwkSet) continue;
      deploy::PublishedFile file(environment_.files, binding, {home_.path(), type_, binding.name}, i);
      const Result<bool> done = published.empty() ? file.take_away() : file.put(set);
      if (done) continue;
      // The store says already what could not be brought about.
      Error error = done.error();
      error.kind = ErrorKind::kPartly;
      return std::unexpected(std::move(error));
    }
  }
  return {};
}

std::optional<PublishedKey> newly_published(const Target& target, const fleet::Type* type) {
  if (!type || type->tls() || !target.next_slot || target.next_slot->published) return std::nullopt;
  return PublishedKey{target.scope, target.type, target.next_slot->slot.certificate.sha256};
}

Result<std::vector<std::string>> record_published(Environment& environment, store::Store& store,
                                                  const std::vector<PublishedKey>& keys) {
  std::vector<std::string> told;
  const auto record = [&]() -> Result<> {
    told.clear();
    Catalog catalog(store);
    store::Batch batch;
    // Not when the command began: a flip before may have taken a while.
    const Time now = environment.clock.now();
    for (const PublishedKey& key : keys) {
      CERTFERRY_ASSIGN(const StoredAssignment stored, catalog.assignment(key.scope, key.type));
      const auto& next = stored.assignment.next;
      if (!next || next->published || next->slot.certificate.sha256 != key.sha256) continue;
      CERTFERRY_ASSIGN(const fleet::Transition transition, fleet::publish(stored.assignment, now));
      catalog.put(batch, stored, transition.after);
      told.push_back(key.type + " at " + key.scope.text() + ": the key of " + key.sha256.substr(0, 16) +
                     "… is published since " + rfc3339(now) + ", it may sign from " +
                     rfc3339(fleet::due(transition.after)) + " on");
    }
    if (told.empty()) return {};
    CERTFERRY_TRY(
        store::append_audit(store, batch,
                            {0, now, environment.actor.name + " (" + std::to_string(environment.actor.uid) + ")",
                             environment.command_line, told, ""}));
    const auto revision = store.commit(batch);
    if (!revision) return std::unexpected(revision.error());
    return {};
  };
  CERTFERRY_TRY(apply_or_plan_again([] { return Result<>(); }, record));
  return told;
}

}  // namespace certferry::commands
