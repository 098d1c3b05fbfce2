#include "fleet/json.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <initializer_list>

namespace certferry::fleet {
namespace {

using nlohmann::json;

constexpr int kSchema = 1;

// Reads the fields of one object; remembers the first thing that is wrong, so that a reader is a plain list of fields.
class Fields {
 public:
  Fields(const json& object, std::string what, std::initializer_list<std::string> known) : what_(std::move(what)) {
    if (!object.is_object()) {
      wrong("is not an object");
      return;
    }
    object_ = &object;
    std::vector<std::string> names(known);
    for (const auto& [key, value] : object.items()) {
      if (std::ranges::find(names, key) == names.end()) wrong("has an unknown field '" + key + "'");
    }
  }

  template <typename T>
  void read(const char* field, T& into) {
    const json* value = find(field);
    if (!value) {
      wrong(fmt::format("has no field '{}'", field));
      return;
    }
    convert(*value, field, into);
  }

  // Absent: stays as it is.
  template <typename T>
  void read_if(const char* field, T& into) {
    if (const json* value = find(field)) convert(*value, field, into);
  }

  template <typename T>
  void read_if(const char* field, std::optional<T>& into) {
    if (const json* value = find(field)) convert(*value, field, into.emplace());
  }

  const json* find(const char* field) const {
    if (!object_) return nullptr;
    auto found = object_->find(field);
    return found == object_->end() ? nullptr : &*found;
  }

  void wrong(std::string problem) {
    if (problem_.empty()) problem_ = fmt::format("{} {}", what_, problem);
  }
  void wrong_from(const Fields& inner) {
    if (problem_.empty()) problem_ = inner.problem_;
  }
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  void convert(const json& value, const char* field, std::string& into) {
    if (!value.is_string()) return wrong_kind(field, "a string");
    into = value.get<std::string>();
  }
  void convert(const json& value, const char* field, bool& into) {
    if (!value.is_boolean()) return wrong_kind(field, "true or false");
    into = value.get<bool>();
  }
  void convert(const json& value, const char* field, std::uint64_t& into) {
    if (!value.is_number_unsigned()) return wrong_kind(field, "a count");
    into = value.get<std::uint64_t>();
  }
  void convert(const json& value, const char* field, int& into) {
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > 1'000'000) return wrong_kind(field, "a count");
    into = value.get<int>();
  }
  void convert(const json& value, const char* field, std::chrono::seconds& into) {
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > 10'000'000'000) return wrong_kind(field, "seconds");
    into = std::chrono::seconds(value.get<std::int64_t>());
  }
  void convert(const json& value, const char* field, Time& into) {
    std::optional<Time> time = value.is_string() ? from_rfc3339(value.get<std::string>()) : std::nullopt;
    if (!time) return wrong_kind(field, "a time of RFC 3339");
    into = *time;
  }
  void convert(const json& value, const char* field, std::vector<std::string>& into) {
    if (!value.is_array()) return wrong_kind(field, "a list of strings");
    into.clear();
    for (const json& element : value) convert(element, field, into.emplace_back());
  }
  void convert(const json& value, const char* field, std::map<std::string, std::string>& into) {
    if (!value.is_object()) return wrong_kind(field, "an object of strings");
    into.clear();
    for (const auto& [key, element] : value.items()) convert(element, field, into[key]);
  }
  void convert(const json& value, const char* field, Scope& into) {
    Result<Scope> scope = value.is_string() ? Scope::parse(value.get<std::string>()) : Result<Scope>();
    if (!value.is_string() || !scope) return wrong_kind(field, "a scope");
    into = *scope;
  }
  void convert(const json& value, const char* field, Purpose& into) {
    std::optional<Purpose> purpose = value.is_string() ? purpose_from(value.get<std::string>()) : std::nullopt;
    if (!purpose) return wrong_kind(field, "a purpose");
    into = *purpose;
  }
  void convert(const json& value, const char* field, Slot& into) {
    Fields slot(value, fmt::format("field '{}' of {}", field, what_),
                {"sha256", "not_before", "not_after", "generation", "effective", "since", "roll", "published", "lead"});
    slot.read("sha256", into.certificate.sha256);
    slot.read("not_before", into.certificate.not_before);
    slot.read("not_after", into.certificate.not_after);
    slot.read("generation", into.generation);
    slot.read("effective", into.effective);
    slot.read("since", into.since);
    wrong_from(slot);
  }
  void convert(const json& value, const char* field, Next& into) {
    convert(value, field, into.slot);
    if (!problem_.empty()) return;
    Fields next(value, fmt::format("field '{}' of {}", field, what_),
                {"sha256", "not_before", "not_after", "generation", "effective", "since", "roll", "published", "lead"});
    next.read("roll", into.roll);
    next.read_if("published", into.published);
    next.read_if("lead", into.lead);
    wrong_from(next);
  }
  void wrong_kind(const char* field, const char* expected) {
    wrong(fmt::format("has a field '{}' that is not {}", field, expected));
  }

  const json* object_ = nullptr;
  std::string what_;
  std::string problem_;
};

std::unexpected<Error> malformed(std::string message) {
  return fail(ErrorKind::kFailed, "CF1916", std::move(message),
              "the store is damaged or was written by something else: run certferry doctor");
}

// Parses and checks the schema number.
Result<json> parse(std::string_view text, std::string_view what) {
  json value = json::parse(text, nullptr, false);
  if (value.is_discarded() || !value.is_object()) return malformed(fmt::format("{} is not a JSON object", what));
  auto schema = value.find("schema");
  if (schema == value.end() || !schema->is_number_unsigned()) return malformed(fmt::format("{} has no schema", what));
  if (*schema != kSchema) {
    return fail(ErrorKind::kFailed, "CF1917",
                fmt::format("{} has schema {}, this certferry knows {}", what, schema->get<std::uint64_t>(), kSchema),
                "use a certferry as new as the one that wrote it");
  }
  value.erase("schema");
  return value;
}

json to_value(const Slot& slot) {
  return {{"sha256", slot.certificate.sha256},
          {"not_before", rfc3339(slot.certificate.not_before)},
          {"not_after", rfc3339(slot.certificate.not_after)},
          {"generation", slot.generation},
          {"effective", rfc3339(slot.effective)},
          {"since", rfc3339(slot.since)}};
}

std::string text_of(json value) {
  value["schema"] = kSchema;
  // Whatever the text holds, writing must not throw: what is no UTF-8 becomes U+FFFD.
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::string to_json(const Assignment& assignment) {
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
  return text_of(std::move(value));
}

Result<Assignment> assignment_from_json(std::string_view text) {
  CERTFERRY_ASSIGN(json value, parse(text, "an assignment"));
  Assignment assignment;
  Fields fields(value, "an assignment", {"scope", "type", "generation", "updated", "current", "next", "previous"});
  fields.read("scope", assignment.scope);
  fields.read("type", assignment.type);
  fields.read("generation", assignment.generation);
  fields.read("updated", assignment.updated);
  fields.read_if("current", assignment.current);
  fields.read_if("next", assignment.next);
  fields.read_if("previous", assignment.previous);
  if (!fields.problem().empty()) return malformed(fields.problem());
  return assignment;
}

std::string to_json(const Computer& computer) {
  json value = {{"fqdn", computer.fqdn}, {"site", computer.site}, {"pool", computer.pool}, {"names", computer.names}};
  if (computer.types) value["types"] = *computer.types;
  return text_of(std::move(value));
}

Result<Computer> computer_from_json(std::string_view text) {
  CERTFERRY_ASSIGN(json value, parse(text, "a computer"));
  Computer computer;
  Fields fields(value, "a computer", {"fqdn", "site", "pool", "types", "names"});
  fields.read("fqdn", computer.fqdn);
  fields.read("site", computer.site);
  fields.read("pool", computer.pool);
  fields.read("names", computer.names);
  fields.read_if("types", computer.types);
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
  CERTFERRY_ASSIGN(json value, parse(text, "a type"));
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
