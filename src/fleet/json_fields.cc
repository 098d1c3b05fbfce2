#include "fleet/json_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace certferry::fleet {

using nlohmann::json;

namespace {

constexpr int kSchema = 1;

}  // namespace

Fields::Fields(const json& object, std::string what, std::initializer_list<std::string> known)
    : what_(std::move(what)) {
  if (!object.is_object()) {
    wrong("is not an object");
    return;
  }
  object_ = &object;
  const std::vector<std::string> names(known);
  for (const auto& [key, value] : object.items()) {
    if (std::ranges::find(names, key) == names.end()) wrong("has an unknown field '" + key + "'");
  }
}

const json* Fields::find(const char* field) const {
  if (!object_) return nullptr;
  const auto found = object_->find(field);
  return found == object_->end() ? nullptr : &*found;
}

void Fields::wrong(const std::string& problem) {
  if (problem_.empty()) problem_ = what_ + " " + problem;
}

void Fields::wrong_from(const Fields& inner) {
  if (problem_.empty()) problem_ = inner.problem_;
}

void Fields::wrong_kind(const char* field, const char* expected) {
  wrong(fmt::format("has a field '{}' that is not {}", field, expected));
}

std::string Fields::inner(const char* field) const { return fmt::format("field '{}' of {}", field, what_); }

void Fields::convert(const json& value, const char* field, std::string& into) {
  if (!value.is_string()) return wrong_kind(field, "a string");
  into = value.get<std::string>();
}

void Fields::convert(const json& value, const char* field, bool& into) {
  if (!value.is_boolean()) return wrong_kind(field, "true or false");
  into = value.get<bool>();
}

void Fields::convert(const json& value, const char* field, std::uint64_t& into) {
  if (!value.is_number_unsigned()) return wrong_kind(field, "a count");
  into = value.get<std::uint64_t>();
}

void Fields::convert(const json& value, const char* field, int& into) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > 1'000'000) return wrong_kind(field, "a count");
  into = value.get<int>();
}

void Fields::convert(const json& value, const char* field, std::chrono::seconds& into) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > 10'000'000'000) return wrong_kind(field, "seconds");
  into = std::chrono::seconds(value.get<std::int64_t>());
}

void Fields::convert(const json& value, const char* field, Time& into) {
  const std::optional<Time> time = value.is_string() ? from_rfc3339(value.get<std::string>()) : std::nullopt;
  if (!time) return wrong_kind(field, "a time of RFC 3339");
  into = *time;
}

void Fields::convert(const json& value, const char* field, Bytes& into) {
  auto bytes = value.is_string() ? from_base64(value.get<std::string>()) : std::nullopt;
  if (!bytes) return wrong_kind(field, "Base64");
  into = std::move(*bytes);
}

template <typename T>
void Fields::convert_list(const json& value, const char* field, std::vector<T>& into) {
  if (!value.is_array()) return wrong_kind(field, "a list");
  into.clear();
  for (const json& element : value) convert(element, field, into.emplace_back());
}

void Fields::convert(const json& value, const char* field, std::vector<std::string>& into) {
  convert_list(value, field, into);
}

void Fields::convert(const json& value, const char* field, std::vector<Scope>& into) {
  convert_list(value, field, into);
}

void Fields::convert(const json& value, const char* field, std::vector<Bytes>& into) {
  convert_list(value, field, into);
}

void Fields::convert(const json& value, const char* field, std::map<std::string, std::string>& into) {
  if (!value.is_object()) return wrong_kind(field, "an object of strings");
  into.clear();
  for (const auto& [key, element] : value.items()) convert(element, field, into[key]);
}

void Fields::convert(const json& value, const char* field, Scope& into) {
  const Result<Scope> scope = value.is_string() ? Scope::parse(value.get<std::string>()) : Result<Scope>();
  if (!value.is_string() || !scope) return wrong_kind(field, "a scope");
  into = *scope;
}

void Fields::convert(const json& value, const char* field, Purpose& into) {
  const std::optional<Purpose> purpose = value.is_string() ? purpose_from(value.get<std::string>()) : std::nullopt;
  if (!purpose) return wrong_kind(field, "a purpose");
  into = *purpose;
}

void Fields::convert(const json& value, const char* field, Slot& into) {
  Fields slot(value, inner(field),
              {"sha256", "not_before", "not_after", "generation", "effective", "since", "roll", "published", "lead"});
  slot.read("sha256", into.certificate.sha256);
  slot.read("not_before", into.certificate.not_before);
  slot.read("not_after", into.certificate.not_after);
  slot.read("generation", into.generation);
  slot.read("effective", into.effective);
  slot.read("since", into.since);
  wrong_from(slot);
}

void Fields::convert(const json& value, const char* field, Next& into) {
  convert(value, field, into.slot);
  if (!problem_.empty()) return;
  Fields next(value, inner(field),
              {"sha256", "not_before", "not_after", "generation", "effective", "since", "roll", "published", "lead"});
  next.read("roll", into.roll);
  next.read_if("published", into.published);
  next.read_if("lead", into.lead);
  wrong_from(next);
}

void Fields::convert(const json& value, const char* field, Computer& into) {
  Fields computer(value, inner(field), {"fqdn", "site", "pool", "types", "names"});
  fleet::read(computer, into);
  wrong_from(computer);
}

void Fields::convert(const json& value, const char* field, Assignment& into) {
  Fields assignment(value, inner(field), {"scope", "type", "generation", "updated", "current", "next", "previous"});
  fleet::read(assignment, into);
  wrong_from(assignment);
}

void Fields::convert(const json& value, const char* field, Member::State& into) {
  using enum Member::State;
  for (const Member::State state : {kActive, kLost, kRemoved, kQuarantined}) {
    if (value != name_of(state)) continue;
    into = state;
    return;
  }
  wrong_kind(field, "a computer's state");
}

void Fields::convert(const json& value, const char* field, ReportedUse::State& into) {
  using enum ReportedUse::State;
  for (const ReportedUse::State state : {kReceived, kStaged, kActive, kVerified, kFailed, kRolledBack}) {
    if (value != name_of(state)) continue;
    into = state;
    return;
  }
  wrong_kind(field, "a deployment's state");
}

void Fields::convert(const json& value, const char* field, std::vector<ManifestCertificate>& into) {
  if (!value.is_array()) return wrong_kind(field, "a list");
  into.clear();
  for (const json& element : value) {
    Fields fields(element, inner(field), {"sha256", "chain", "exportable"});
    ManifestCertificate& one = into.emplace_back();
    fields.read("sha256", one.sha256);
    fields.read("chain", one.chain);
    fields.read("exportable", one.exportable);
    wrong_from(fields);
  }
}

void Fields::convert(const json& value, const char* field, std::vector<ReportedUse>& into) {
  if (!value.is_array()) return wrong_kind(field, "a list");
  into.clear();
  for (const json& element : value) {
    Fields fields(element, inner(field), {"type", "scope", "generation", "sha256", "state", "reason"});
    ReportedUse& one = into.emplace_back();
    fields.read("type", one.type);
    fields.read("scope", one.scope);
    fields.read("generation", one.generation);
    fields.read("sha256", one.sha256);
    fields.read("state", one.state);
    fields.read("reason", one.reason);
    wrong_from(fields);
  }
}

std::unexpected<Error> malformed(std::string message) {
  return fail(ErrorKind::kFailed, "CF1916", std::move(message),
              "the store is damaged or was written by something else: run certferry doctor");
}

Result<json> parse_object(std::string_view text, std::string_view what) {
  json value = json::parse(text, nullptr, false);
  if (value.is_discarded() || !value.is_object()) return malformed(fmt::format("{} is not a JSON object", what));
  const auto schema = value.find("schema");
  if (schema == value.end() || !schema->is_number_unsigned()) return malformed(fmt::format("{} has no schema", what));
  if (*schema != kSchema) {
    return fail(ErrorKind::kFailed, "CF1917",
                fmt::format("{} has schema {}, this certferry knows {}", what, schema->get<std::uint64_t>(), kSchema),
                "use a certferry as new as the one that wrote it");
  }
  value.erase("schema");
  return value;
}

std::string text_of(json value) {
  value["schema"] = kSchema;
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace certferry::fleet
