#include "seal/trust.h"

#include <algorithm>

#include "seal/keys.h"
#include "x509/digest.h"

namespace certferry::seal {
namespace {

using fleet::Computer;
using fleet::Delegation;
using fleet::Enrolment;
using fleet::Heartbeat;
using fleet::Manifest;
using fleet::Member;
using fleet::Status;

std::unexpected<Error> refused(std::string_view id, std::string message) {
  return fail(ErrorKind::kRejected, id, std::move(message),
              "nothing was taken over; see who can write to the store, and the audit of the computer that signed");
}

std::unexpected<Error> contradiction(std::string message) { return refused("CF2216", std::move(message)); }

bool names(const std::vector<std::string>& list, std::string_view wanted) {
  return std::ranges::find(list, "*") != list.end() || std::ranges::find(list, wanted) != list.end();
}

bool reaches(const Delegation& delegation, const Computer& computer) {
  return std::ranges::any_of(delegation.scopes, [&](const fleet::Scope& scope) { return computer.in(scope); });
}

// Whoever has a pool may not say what serves in its whole site, although the pool's computers are in both: it would stand
// where the site's own administrators write.
bool reaches(const Delegation& delegation, const fleet::Scope& asked, const Computer& here) {
  return std::ranges::any_of(delegation.scopes,
                             [&](const fleet::Scope& scope) { return here.in(scope) && !scope.narrower_than(asked); });
}

bool takes_type(const Delegation& delegation, std::string_view type) {
  return !delegation.types || std::ranges::find(*delegation.types, type) != delegation.types->end();
}

// Nothing in it may point at something else in it that is not there, or is another thing than it says.
Result<> check(const Manifest& manifest) {
  for (const fleet::ManifestCertificate& one : manifest.certificates) {
    if (one.chain.empty() || hex_lower(x509::sha256(one.chain.front())) != one.sha256)
      return contradiction("a manifest calls a certificate by another's digest");
  }
  if (!manifest.assignment) return {};
  const fleet::Assignment& assignment = *manifest.assignment;
  if (assignment.scope != manifest.scope || assignment.type != manifest.type)
    return contradiction("a manifest assigns something else than it says");
  const auto is_there = [&](const fleet::Slot& slot) {
    return std::ranges::any_of(manifest.certificates,
                               [&](const auto& one) { return one.sha256 == slot.certificate.sha256; });
  };
  if ((assignment.current && !is_there(*assignment.current)) ||
      (assignment.previous && !is_there(*assignment.previous)) ||
      (assignment.next && !is_there(assignment.next->slot))) {
    return contradiction("a manifest assigns a certificate that it does not carry");
  }
  return {};
}

}  // namespace

Result<Trust> Trust::make(const std::string& fleet, ByteView root) {
  Trust trust;
  if (fingerprint(root) != fleet) return refused("CF2212", "the root key is not the one of this fleet");
  CERTFERRY_ASSIGN(trust.root_, read_key(root));
  trust.fleet_ = fleet;
  return trust;
}

template <typename Statement>
Result<Statement> Trust::read(const Envelope& envelope) const {
  if (envelope.payload_type != payload_type(Statement::kKind)) {
    return refused("CF2211",
                   "a signed statement is no " + std::string(Statement::kKind) + ": " + envelope.payload_type);
  }
  auto statement = fleet::statement_from_json<Statement>(envelope.payload);
  if (!statement) return refused("CF2210", "a signed statement cannot be read: " + statement.error().message);
  if (statement->head.fleet != fleet_) return refused("CF2212", "a signed statement belongs to another fleet");
  return statement;
}

template <typename May>
Result<std::string> Trust::signer(const Envelope& envelope, Time now, const May& may) const {
  if (is_signed_by(envelope, root_)) return std::string("root");
  std::string reason;
  for (const Envelope::Signature& signature : envelope.signatures) {
    const auto found = delegates_.find(signature.key_id);
    if (found == delegates_.end() || !is_signed_by(envelope, found->second.key)) continue;
    const Delegation& delegation = found->second.delegation;
    if (delegation.not_after && now > *delegation.not_after) {
      reason = "CF2215";
    } else if (may(delegation)) {
      return delegation.name;
    } else if (reason.empty()) {
      reason = "CF2214";
    }
  }
  if (reason == "CF2215") return refused("CF2215", "the delegation of whoever signed a statement has ended");
  if (reason == "CF2214") {
    return fail(ErrorKind::kNotPermitted, "CF2214", "whoever signed a statement may not do this here",
                "have it done by somebody who may: certferry admin-role list");
  }
  return refused("CF2213", "a statement is signed by nobody whom this fleet knows");
}

Result<> Trust::add_delegation(std::string_view text) {
  CERTFERRY_ASSIGN(const Envelope envelope, envelope_from_json(text));
  CERTFERRY_ASSIGN(Delegation delegation, read<Delegation>(envelope));
  if (!is_signed_by(envelope, root_)) return refused("CF2213", "a delegation is not signed by the fleet's root");
  CERTFERRY_ASSIGN(x509::PublicKey key, read_key(delegation.key));
  const std::string id = key_id(delegation.key);
  const auto known = delegates_.find(id);
  if (known != delegates_.end()) {
    const Delegation& held = known->second.delegation;
    if (delegation.head.counter < held.head.counter) return {};
    if (delegation.head.counter == held.head.counter && delegation != held)
      return refused("CF2218", "two delegations of one key bear the same counter " + std::to_string(held.head.counter));
  }
  delegates_.insert_or_assign(id, Delegate{std::move(delegation), std::move(key)});
  return {};
}

Result<Verified<Manifest>> Trust::manifest(std::string_view text, const Computer& here, Time now) const {
  CERTFERRY_ASSIGN(const Envelope envelope, envelope_from_json(text));
  CERTFERRY_ASSIGN(Manifest manifest, read<Manifest>(envelope));
  CERTFERRY_ASSIGN(std::string who, signer(envelope, now, [&](const Delegation& delegation) {
                     return names(delegation.cmdlets, manifest.cmdlet) && takes_type(delegation, manifest.type) &&
                            reaches(delegation, manifest.scope, here);
                   }));
  if (!here.in(manifest.scope)) return contradiction("a manifest is for a scope that this computer is not in");
  CERTFERRY_TRY(check(manifest));
  return Verified<Manifest>{std::move(manifest), std::move(who)};
}

Result<Verified<Enrolment>> Trust::enrolment(std::string_view text, Time now) const {
  CERTFERRY_ASSIGN(const Envelope envelope, envelope_from_json(text));
  CERTFERRY_ASSIGN(Enrolment enrolment, read<Enrolment>(envelope));
  CERTFERRY_ASSIGN(std::string who, signer(envelope, now, [&](const Delegation& delegation) {
                     return names(delegation.cmdlets, fleet::kManageComputers) &&
                            reaches(delegation, enrolment.computer);
                   }));
  if (now > enrolment.not_after) return refused("CF2215", "an enrolment has ended");
  CERTFERRY_TRY(read_key(enrolment.key));
  return Verified<Enrolment>{std::move(enrolment), std::move(who)};
}

Result<Verified<Member>> Trust::member(std::string_view text, Time now) const {
  CERTFERRY_ASSIGN(const Envelope envelope, envelope_from_json(text));
  CERTFERRY_ASSIGN(Member member, read<Member>(envelope));
  CERTFERRY_ASSIGN(std::string who, signer(envelope, now, [&](const Delegation& delegation) {
                     return names(delegation.cmdlets, fleet::kManageComputers) && reaches(delegation, member.computer);
                   }));
  CERTFERRY_TRY(read_key(member.sealing_key));
  CERTFERRY_TRY(read_key(member.identity_key));
  return Verified<Member>{std::move(member), std::move(who)};
}

Result<Verified<Member>> Trust::joined(std::string_view text, std::string_view enrolment_text) const {
  CERTFERRY_ASSIGN(const Envelope envelope, envelope_from_json(text));
  CERTFERRY_ASSIGN(Member member, read<Member>(envelope));
  CERTFERRY_ASSIGN(const Verified<Enrolment> allowed, enrolment(enrolment_text, member.head.issued));
  CERTFERRY_ASSIGN(const x509::PublicKey key, read_key(allowed.statement.key));
  if (!is_signed_by(envelope, key))
    return refused("CF2213", "a computer's statement is not signed by its enrolment key");
  if (member.computer != allowed.statement.computer || member.state != Member::State::kActive)
    return contradiction("a computer joins as another one than its enrolment allows");
  if (member.head.counter != allowed.statement.head.counter)
    return contradiction("a computer joins with another counter than its enrolment's");
  CERTFERRY_TRY(read_key(member.sealing_key));
  CERTFERRY_TRY(read_key(member.identity_key));
  std::string who = member.computer.fqdn;
  return Verified<Member>{std::move(member), std::move(who)};
}

Result<Verified<Heartbeat>> Trust::heartbeat(std::string_view text, Time now) const {
  CERTFERRY_ASSIGN(const Envelope envelope, envelope_from_json(text));
  CERTFERRY_ASSIGN(Heartbeat heartbeat, read<Heartbeat>(envelope));
  CERTFERRY_ASSIGN(std::string who, signer(envelope, now, [](const Delegation&) { return true; }));
  return Verified<Heartbeat>{std::move(heartbeat), std::move(who)};
}

Result<Verified<Status>> Trust::status(std::string_view text, const Member& member) const {
  CERTFERRY_ASSIGN(const Envelope envelope, envelope_from_json(text));
  CERTFERRY_ASSIGN(Status status, read<Status>(envelope));
  if (member.state != Member::State::kActive) {
    return fail(ErrorKind::kNotPermitted, "CF2214",
                "the fleet says that " + member.computer.fqdn + " is " + std::string(name_of(member.state)),
                "what it says counts again once it joined anew");
  }
  CERTFERRY_ASSIGN(const x509::PublicKey key, read_key(member.identity_key));
  if (!is_signed_by(envelope, key)) return refused("CF2213", "a status is not signed by its computer");
  if (status.fqdn != member.computer.fqdn) return contradiction("a computer tells the status of another one");
  std::string who = status.fqdn;
  return Verified<Status>{std::move(status), std::move(who)};
}

Result<bool> follows(const fleet::StatementHead& older, std::string_view older_payload,
                     const fleet::StatementHead& newer, std::string_view newer_payload) {
  switch (fleet::succession(older, older_payload, newer, newer_payload)) {
    case fleet::Succession::kNewer: return true;
    case fleet::Succession::kSame: return false;
    case fleet::Succession::kReplay:
      return refused("CF2217", "an older statement (" + std::to_string(newer.counter) + " after " +
                                   std::to_string(older.counter) + ") is played again");
    case fleet::Succession::kForked: break;
  }
  return refused("CF2218", "two statements bear the same counter " + std::to_string(newer.counter));
}

}  // namespace certferry::seal
