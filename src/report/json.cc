#include "report/json.h"

#include <nlohmann/json.hpp>

namespace certferry::report {
namespace {

using nlohmann::ordered_json;

std::string_view name_of(Role role) {
  return role == Role::kLeaf ? "leaf" : role == Role::kRoot ? "root" : "intermediate";
}

std::string_view name_of(Step::State state) {
  switch (state) {
    case Step::State::kPlanned: return "planned";
    case Step::State::kDone: return "done";
    case Step::State::kSkipped: return "skipped";
    case Step::State::kFailed: return "failed";
  }
  return "planned";
}

ordered_json certificate(const CertificateFacts& facts) {
  return {{"role", name_of(facts.role)},
          {"subject", facts.subject},
          {"issuer", facts.issuer},
          {"names", facts.names},
          {"serial_number", facts.serial},
          {"thumbprint", facts.thumbprint},
          {"sha256", facts.sha256},
          {"key", facts.key},
          {"signature", facts.signature},
          {"not_before", rfc3339(facts.not_before)},
          {"not_after", rfc3339(facts.not_after)},
          {"note", facts.note}};
}

template <typename List, typename Convert>
ordered_json list(const List& items, Convert convert) {
  ordered_json json = ordered_json::array();
  for (const auto& item : items) json.push_back(convert(item));
  return json;
}

}  // namespace

std::string to_json(const Document& document) {
  ordered_json json = {{"schema", 1},
                       {"status", name_of(document.status)},
                       {"headline", document.headline},
                       {"summary", document.summary},
                       {"computer", document.computer},
                       {"actor", document.actor},
                       {"command", document.command},
                       {"started", rfc3339(document.started)},
                       {"milliseconds", document.took.count()}};
  json["file"] =
      list(document.file, [](const Fact& fact) { return ordered_json{{"name", fact.name}, {"value", fact.value}}; });
  json["certificates"] = list(document.certificates, certificate);
  json["replaces"] = document.replaces.empty() ? ordered_json(nullptr) : ordered_json(document.replaces);
  json["differences"] = list(document.differences, [](const Difference& d) {
    return ordered_json{{"what", d.what}, {"before", d.before}, {"after", d.after}};
  });
  json["findings"] = list(document.findings, [](const Finding& f) {
    return ordered_json{{"id", f.id},
                        {"severity", certferry::name_of(f.severity)},
                        {"message", f.message},
                        {"fix", f.fix},
                        {"source", f.source}};
  });
  json["steps"] = list(document.steps, [](const Step& s) {
    return ordered_json{
        {"computer", s.computer}, {"action", s.action}, {"state", name_of(s.state)}, {"detail", s.detail}};
  });
  json["log"] = list(document.log, [](const LogEntry& entry) {
    return ordered_json{{"action", entry.action},
                        {"at_microseconds", entry.at.count()},
                        {"microseconds", entry.took.count()},
                        {"failed", entry.failed}};
  });
  json["assignments"] = list(document.assignments, [](const AssignmentFacts& a) {
    return ordered_json{{"type", a.type},
                        {"scope", a.scope},
                        {"place", a.place},
                        {"thumbprint", a.thumbprint},
                        {"subject", a.subject},
                        {"effective_date", rfc3339(a.effective)},
                        {"not_after", rfc3339(a.not_after)}};
  });
  json["tables"] = list(document.tables, [](const Table& t) {
    return ordered_json{{"title", t.title}, {"columns", t.columns}, {"rows", t.rows}};
  });
  json["undo"] = document.undo;
  json["error"] = nullptr;
  if (document.error)
    json["error"] = {{"id", document.error->id}, {"message", document.error->message}, {"fix", document.error->fix}};
  return json.dump(2, ' ', true, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace certferry::report
