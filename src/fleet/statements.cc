#include "fleet/statements.h"

#include <nlohmann/json.hpp>

#include "fleet/json_fields.h"

namespace certferry::fleet {
namespace {

using nlohmann::json;

json with_head(const StatementHead& head, json value) {
  value["fleet"] = head.fleet;
  value["counter"] = head.counter;
  value["issued"] = rfc3339(head.issued);
  return value;
}

void read_head(Fields& fields, StatementHead& head) {
  fields.read("fleet", head.fleet);
  fields.read("counter", head.counter);
  fields.read("issued", head.issued);
}

json texts_of(const std::vector<Scope>& scopes) {
  json texts = json::array();
  for (const Scope& scope : scopes) texts.push_back(scope.text());
  return texts;
}

}  // namespace

std::string_view name_of(Member::State state) {
  switch (state) {
    case Member::State::kActive: return "active";
    case Member::State::kLost: return "lost";
    case Member::State::kRemoved: return "removed";
    case Member::State::kQuarantined: return "quarantined";
  }
  return "removed";
}

std::string_view name_of(ReportedUse::State state) {
  switch (state) {
    case ReportedUse::State::kReceived: return "received";
    case ReportedUse::State::kStaged: return "staged";
    case ReportedUse::State::kActive: return "active";
    case ReportedUse::State::kVerified: return "verified";
    case ReportedUse::State::kFailed: return "failed";
    case ReportedUse::State::kRolledBack: return "rolled back";
  }
  return "failed";
}

std::string to_json(const Delegation& delegation) {
  json value = {{"name", delegation.name},
                {"key", base64(delegation.key)},
                {"cmdlets", delegation.cmdlets},
                {"scopes", texts_of(delegation.scopes)}};
  if (delegation.types) value["types"] = *delegation.types;
  if (delegation.not_after) value["not_after"] = rfc3339(*delegation.not_after);
  return text_of(with_head(delegation.head, std::move(value)));
}

template <>
Result<Delegation> statement_from_json(std::string_view text) {
  CERTFERRY_ASSIGN(const json value, parse_object(text, "a delegation"));
  Delegation delegation;
  Fields fields(value, "a delegation",
                {"fleet", "counter", "issued", "name", "key", "cmdlets", "types", "scopes", "not_after"});
  read_head(fields, delegation.head);
  fields.read("name", delegation.name);
  fields.read("key", delegation.key);
  fields.read("cmdlets", delegation.cmdlets);
  fields.read_if("types", delegation.types);
  fields.read("scopes", delegation.scopes);
  fields.read_if("not_after", delegation.not_after);
  if (!fields.problem().empty()) return malformed(fields.problem());
  return delegation;
}

std::string to_json(const Enrolment& enrolment) {
  return text_of(with_head(enrolment.head, {{"computer", value_of(enrolment.computer)},
                                            {"key", base64(enrolment.key)},
                                            {"not_after", rfc3339(enrolment.not_after)}}));
}

template <>
Result<Enrolment> statement_from_json(std::string_view text) {
  CERTFERRY_ASSIGN(const json value, parse_object(text, "an enrolment"));
  Enrolment enrolment;
  Fields fields(value, "an enrolment", {"fleet", "counter", "issued", "computer", "key", "not_after"});
  read_head(fields, enrolment.head);
  fields.read("computer", enrolment.computer);
  fields.read("key", enrolment.key);
  fields.read("not_after", enrolment.not_after);
  if (!fields.problem().empty()) return malformed(fields.problem());
  return enrolment;
}

std::string to_json(const Member& member) {
  return text_of(with_head(member.head, {{"computer", value_of(member.computer)},
                                         {"sealing_key", base64(member.sealing_key)},
                                         {"identity_key", base64(member.identity_key)},
                                         {"boot_id", member.boot_id},
                                         {"state", name_of(member.state)}}));
}

template <>
Result<Member> statement_from_json(std::string_view text) {
  CERTFERRY_ASSIGN(const json value, parse_object(text, "a computer's statement"));
  Member member;
  Fields fields(value, "a computer's statement",
                {"fleet", "counter", "issued", "computer", "sealing_key", "identity_key", "boot_id", "state"});
  read_head(fields, member.head);
  fields.read("computer", member.computer);
  fields.read("sealing_key", member.sealing_key);
  fields.read("identity_key", member.identity_key);
  fields.read("boot_id", member.boot_id);
  fields.read("state", member.state);
  if (!fields.problem().empty()) return malformed(fields.problem());
  return member;
}

std::string to_json(const Manifest& manifest) {
  json certificates = json::array();
  for (const ManifestCertificate& one : manifest.certificates) {
    json chain = json::array();
    for (const Bytes& der : one.chain) chain.push_back(base64(der));
    certificates.push_back({{"sha256", one.sha256}, {"chain", std::move(chain)}, {"exportable", one.exportable}});
  }
  json value = {{"scope", manifest.scope.text()},
                {"type", manifest.type},
                {"cmdlet", manifest.cmdlet},
                {"certificates", std::move(certificates)}};
  if (manifest.assignment) value["assignment"] = value_of(*manifest.assignment);
  return text_of(with_head(manifest.head, std::move(value)));
}

template <>
Result<Manifest> statement_from_json(std::string_view text) {
  CERTFERRY_ASSIGN(const json value, parse_object(text, "a manifest"));
  Manifest manifest;
  Fields fields(value, "a manifest",
                {"fleet", "counter", "issued", "scope", "type", "cmdlet", "assignment", "certificates"});
  read_head(fields, manifest.head);
  fields.read("scope", manifest.scope);
  fields.read("type", manifest.type);
  fields.read("cmdlet", manifest.cmdlet);
  fields.read_if("assignment", manifest.assignment);
  fields.read("certificates", manifest.certificates);
  if (!fields.problem().empty()) return malformed(fields.problem());
  return manifest;
}

std::string to_json(const Status& status) {
  json uses = json::array();
  for (const ReportedUse& use : status.uses)
    uses.push_back({{"type", use.type},
                    {"scope", use.scope.text()},
                    {"generation", use.generation},
                    {"sha256", use.sha256},
                    {"state", name_of(use.state)},
                    {"reason", use.reason}});
  json value = {{"fqdn", status.fqdn}, {"boot_id", status.boot_id}, {"uses", std::move(uses)}};
  if (!status.alarms.empty()) value["alarms"] = status.alarms;
  return text_of(with_head(status.head, std::move(value)));
}

template <>
Result<Status> statement_from_json(std::string_view text) {
  CERTFERRY_ASSIGN(const json value, parse_object(text, "a status"));
  Status status;
  Fields fields(value, "a status", {"fleet", "counter", "issued", "fqdn", "boot_id", "uses", "alarms"});
  read_head(fields, status.head);
  fields.read("fqdn", status.fqdn);
  fields.read("boot_id", status.boot_id);
  fields.read("uses", status.uses);
  fields.read_if("alarms", status.alarms);
  if (!fields.problem().empty()) return malformed(fields.problem());
  return status;
}

std::string to_json(const Heartbeat& heartbeat) { return text_of(with_head(heartbeat.head, json::object())); }

template <>
Result<Heartbeat> statement_from_json(std::string_view text) {
  CERTFERRY_ASSIGN(const json value, parse_object(text, "a heartbeat"));
  Heartbeat heartbeat;
  Fields fields(value, "a heartbeat", {"fleet", "counter", "issued"});
  read_head(fields, heartbeat.head);
  if (!fields.problem().empty()) return malformed(fields.problem());
  return heartbeat;
}

std::string to_json(const Membership& membership) {
  return text_of({{"fleet", membership.fleet},
                  {"root", base64(membership.root)},
                  {"computer", value_of(membership.computer)},
                  {"relays", membership.relays}});
}

template <>
Result<Membership> statement_from_json(std::string_view text) {
  CERTFERRY_ASSIGN(const json value, parse_object(text, "a membership"));
  Membership membership;
  Fields fields(value, "a membership", {"fleet", "root", "computer", "relays"});
  fields.read("fleet", membership.fleet);
  fields.read("root", membership.root);
  fields.read("computer", membership.computer);
  fields.read_if("relays", membership.relays);
  if (!fields.problem().empty()) return malformed(fields.problem());
  return membership;
}

Succession succession(const StatementHead& older, std::string_view older_payload, const StatementHead& newer,
                      std::string_view newer_payload) {
  if (newer.counter > older.counter) return Succession::kNewer;
  if (newer.counter < older.counter) return Succession::kReplay;
  return older_payload == newer_payload ? Succession::kSame : Succession::kForked;
}

}  // namespace certferry::fleet
