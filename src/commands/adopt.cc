#include "commands/adopt.h"

#include "commands/attempts.h"
#include "commands/fleet_files.h"
#include "commands/fleet_members.h"
#include "fleet/store_keys.h"
#include "seal/keys.h"
#include "store/audit.h"
#include "x509/digest.h"

namespace certferry::commands {

Result<bool> adopt(Environment& environment, Home& home, store::Store& store, const seal::Trust& trust,
                   const std::string& statement, Frame& frame) {
  CERTFERRY_ASSIGN(const seal::Envelope envelope, seal::envelope_from_json(statement));
  CERTFERRY_ASSIGN(const fleet::Member claimed, fleet::statement_from_json<fleet::Member>(envelope.payload));
  const std::string& fqdn = claimed.computer.fqdn;
  const std::string key = fleet::member_key(fqdn), enrolment_key = fleet::enrolment_key(fqdn);
  CERTFERRY_ASSIGN(const std::optional<store::Entry> there, store.get(key));
  std::uint64_t counter = claimed.head.counter;
  CERTFERRY_ASSIGN(const std::optional<store::Entry> enrolment, store.get(enrolment_key));
  bool changes_keys = false;
  if (there) {
    CERTFERRY_ASSIGN(const seal::Verified<fleet::Member> known, trust.member(there->value, frame.now()));
    const fleet::Member& before = known.statement;
    if (before.state == fleet::Member::State::kActive) {
      if (before.identity_key == claimed.identity_key && before.sealing_key == claimed.sealing_key) return false;
      changes_keys = enrolment.has_value();
      if (!changes_keys)
        return fail(ErrorKind::kConflict, "CF1771", "a computer " + fqdn + " has joined already",
                    "a token is good for one computer: look who used it; `certferry computer rekey " + fqdn +
                        "` lets it change its keys");
    }
    counter = before.head.counter;
  }
  if (!enrolment) {
    return fail(ErrorKind::kNotPermitted, "CF1769", "nobody allowed " + fqdn + " to join",
                "certferry computer add " + fqdn + ", and join with the token that it prints");
  }
  CERTFERRY_ASSIGN(const seal::Verified<fleet::Member> joined, trust.joined(statement, enrolment->value));
  fleet::Member member = joined.statement;
  member.head = {trust.fleet(), counter + 1, frame.now()};
  CERTFERRY_ASSIGN(const seal::OwnKey own, read_key(environment, home.path(), FleetKey::kAdministrator));
  CERTFERRY_ASSIGN(std::string signed_member, signed_text(member, own));
  store::Batch batch;
  batch.expect(key, there ? there->revision : 0);
  batch.put(key, std::move(signed_member));
  batch.expect(enrolment_key, enrolment->revision);
  batch.remove(enrolment_key);
  const std::string action = changes_keys ? "take the new keys of " + fqdn : "take " + fqdn + " into the fleet";
  CERTFERRY_TRY(
      store::append_audit(store, batch, {0, frame.now(), frame.actor(), environment.command_line, {action}, ""}));
  CERTFERRY_TRY(store.commit(batch));
  frame.document.steps.push_back({fqdn, action, report::Step::State::kDone, ""});
  return true;
}

Result<Adopted> adopt_waiting(Environment& environment, Home& home, Frame& frame) {
  Adopted adopted;
  if (!home.membership()) return adopted;
  CERTFERRY_ASSIGN(const bool administers, has_key(environment.files, home.path(), FleetKey::kAdministrator));
  if (!administers) return adopted;
  CERTFERRY_ASSIGN(store::Store* const store, home.store());
  CERTFERRY_ASSIGN(const store::Listing waiting, store->list(fleet::kJoinKeys));
  if (waiting.entries.empty()) return adopted;
  if (const auto key = read_key(environment, home.path(), FleetKey::kAdministrator); !key && is_locked(key.error())) {
    adopted.findings.push_back({key.error().id, Severity::kWarning,
                                "nobody can be taken into the fleet (" + std::to_string(waiting.entries.size()) +
                                    " wait): " + key.error().message,
                                key.error().fix, "certferry"});
    return adopted;
  }
  CERTFERRY_ASSIGN(const seal::Trust trust, fleet_trust(home, *store));
  for (const store::Entry& entry : waiting.entries) {
    const std::string fqdn = entry.key.substr(fleet::kJoinKeys.size());
    Result<bool> done = false;
    const auto take_in = [&]() -> Result<> {
      done = adopt(environment, home, *store, trust, entry.value, frame);
      return done ? Result<>() : std::unexpected(done.error());
    };
    const Result<> tried = apply_or_plan_again([] { return Result<>(); }, take_in);
    if (tried && *done) adopted.computers.push_back(fqdn);
    if (!tried) {
      const Error& error = tried.error();
      if (error.kind == ErrorKind::kFailed || error.kind == ErrorKind::kUnreachable) return std::unexpected(error);
      adopted.findings.push_back(
          {error.id, Severity::kWarning, fqdn + " was not taken in: " + error.message, error.fix, "certferry"});
    }
    store::Batch batch;
    batch.remove(entry.key);
    batch.expect(entry.key, entry.revision);
    // Where it said something else meanwhile, that is looked at the next time.
    if (const auto removed = store->commit(batch); !removed && removed.error().id != "CF1501")
      return std::unexpected(removed.error());
  }
  return adopted;
}

std::string fingerprint_of(const fleet::Member& member) {
  Bytes both = member.sealing_key;
  both.insert(both.end(), member.identity_key.begin(), member.identity_key.end());
  return hex_lower(x509::sha256(both));
}

Result<std::vector<Applicant>> applicants(store::Store& store) {
  CERTFERRY_ASSIGN(const store::Listing listing, store.list(fleet::kRequestKeys));
  std::vector<Applicant> all;
  for (const store::Entry& entry : listing.entries) {
    const auto envelope = seal::envelope_from_json(entry.value);
    if (!envelope) continue;
    auto member = fleet::statement_from_json<fleet::Member>(envelope->payload);
    if (!member || entry.key != fleet::request_key(member->computer.fqdn, seal::key_id(member->identity_key))) continue;
    const auto key = seal::read_key(member->identity_key);
    if (!key || !seal::is_signed_by(*envelope, *key)) continue;
    std::string fingerprint = fingerprint_of(*member);
    all.push_back({entry.key, std::move(*member), std::move(fingerprint)});
  }
  return all;
}

}  // namespace certferry::commands
