#include "fleet/json.h"

#include <nlohmann/json.hpp>

#include "fleet/json_fields.h"

namespace certferry::fleet {
namespace {

using nlohmann::json;

json to_value(const Slot& slot) {
  return {{"sha256", slot.certificate.sha256},
          {"not_before", rfc3339(slot.certificate.not_before)},
          {"not_after", rfc3339(slot.certificate.not_after)},
          {"generation", slot.generation},
          {"effective", rfc3339(slot.effective)},
          {"since", rfc3339(slot.since)}};
}

}  // namespace

json value_of(const Assignment& assignment) {
  json value = {{"scope", assignment.scope.text()},
                {"type", assignment.type},
                {"generation", assignment.generation},
                {"updated", rfc3339(assignment.updated)}};
  if (assignment.current) value["current"] = to_value(*assignment.current);
  if (assignment.previous) value["previous"] = to_value(*assignment.previous);
  if (assignment.next) {
    json next = to_value(assignment.next->slot);
    next["roll"] = assignment.next->roll;
    if (assignment.next->published) next["published"] = rfc3339(*assignment.next->published);
    if (assignment.next->lead.count() > 0) next["lead"] = assignment.next->lead.count();
    value["next"] = std::move(next);
  }
  return value;
}

std::string to_json(const Assignment& assignment) { return text_of(value_of(assignment)); }

void read(Fields& fields, Assignment& assignment) {
  fields.read("scope", assignment.scope);
  fields.read("type", assignment.type);
  fields.read("generation", assignment.generation);
  fields.read("updated", assignment.updated);
  fields.read_if("current", assignment.current);
  fields.read_if("next", assignment.next);
  fields.read_if("previous", assignment.previous);
}

Result<Assignment> assignment_from_json(std::string_view text) {
  CERTFERRY_ASSIGN(json value, parse_object(text, "an assignment"));
  Assignment assignment;
  Fields fields(value, "an assignment", {"scope", "type", "generation", "updated", "current", "next", "previous"});
  read(fields, assignment);
  if (!fields.problem().empty()) return malformed(fields.problem());
  return assignment;
}

json value_of(const Computer& computer) {
  json value = {{"fqdn", computer.fqdn}, {"site", computer.site}, {"pool", computer.pool}, {"names", computer.names}};
  if (computer.types) value["types"] = *computer.types;
  return value;
}

std::string to_json(const Computer& computer) { return text_of(value_of(computer)); }

void read(Fields& fields, Computer& computer) {
  fields.read("fqdn", computer.fqdn);
  fields.read("site", computer.site);
  fields.read("pool", computer.pool);
  fields.read("names", computer.names);
  fields.read_if("types", computer.types);
}

Result<Computer> computer_from_json(std::string_view text) {
  CERTFERRY_ASSIGN(json value, parse_object(text, "a computer"));
  Computer computer;
  Fields fields(value, "a computer", {"fqdn", "site", "pool", "types", "names"});
  read(fields, computer);
  if (!fields.problem().empty()) return malformed(fields.problem());
  return computer;
}

std::string to_json(const Type& type) {
  json value = {{"name", type.name},
                {"description", type.description},
                {"purpose", std::string(name_of(type.purpose))},
                {"mutual_tls", type.mutual_tls},
                {"extended_key_usages", type.extended_key_usages},
                {"least_rsa_bits", type.least_rsa_bits},
                {"least_ec_bits", type.least_ec_bits},
                {"eddsa", type.eddsa},
                {"covers_computer", type.covers_computer},
                {"names", type.names},
                {"margin", type.margin.count()},
                {"lead", type.lead.count()},
                {"same_everywhere", type.same_everywhere},
                {"service_accounts", type.service_accounts},
                {"origins", type.origins}};
  if (type.coexistence) value["coexistence"] = type.coexistence->count();
  return text_of(std::move(value));
}

Result<Type> type_from_json(std::string_view text) {
  CERTFERRY_ASSIGN(json value, parse_object(text, "a type"));
  Type type;
  Fields fields(value, "a type",
                {"name", "description", "purpose", "mutual_tls", "extended_key_usages", "least_rsa_bits",
                 "least_ec_bits", "eddsa", "covers_computer", "names", "coexistence", "margin", "lead",
                 "same_everywhere", "service_accounts", "origins"});
  fields.read("name", type.name);
  fields.read("description", type.description);
  fields.read("purpose", type.purpose);
  fields.read("mutual_tls", type.mutual_tls);
  fields.read("extended_key_usages", type.extended_key_usages);
  fields.read("least_rsa_bits", type.least_rsa_bits);
  fields.read("least_ec_bits", type.least_ec_bits);
  fields.read("eddsa", type.eddsa);
  fields.read("covers_computer", type.covers_computer);
  fields.read("names", type.names);
  fields.read("lead", type.lead);
  fields.read_if("margin", type.margin);
  fields.read_if("coexistence", type.coexistence);
  fields.read("same_everywhere", type.same_everywhere);
  fields.read("service_accounts", type.service_accounts);
  fields.read("origins", type.origins);
  if (!fields.problem().empty()) return malformed(fields.problem());
  return type;
}

}  // namespace certferry::fleet
