#include "commands/audit.h"

#include <nlohmann/json.hpp>

#include "commands/frame.h"
#include "store/audit.h"

namespace certferry::commands {
namespace {

using nlohmann::ordered_json;

Result<std::vector<store::AuditRecord>> records(Home& home) {
  CERTFERRY_ASSIGN(store::Store* const store, home.store());
  return store::audit_records(*store);
}

Result<std::uint64_t> verified(Home& home) {
  CERTFERRY_ASSIGN(store::Store* const store, home.store());
  return store::verify_audit(*store);
}

}  // namespace

Outcome list_audit(Environment& environment, Home& home) {
  Frame frame(environment, home.config().computer.fqdn);
  const auto list = records(home);
  frame.document.headline = "Audit";
  ordered_json json = ordered_json::array();
  if (!list) return frame.finish(std::unexpected(list.error()), false, {{"records", std::move(json)}});
  report::Table table{"", {"No.", "Time", "Who", "What", "Command"}, {}};
  for (const store::AuditRecord& record : *list) {
    std::string changes;
    for (const std::string& change : record.changes) changes += (changes.empty() ? "" : "; ") + change;
    json.push_back({{"number", record.number},
                    {"time", rfc3339(record.time)},
                    {"actor", record.actor},
                    {"command", record.command},
                    {"changes", record.changes},
                    {"outcome", record.outcome},
                    {"previous", record.previous}});
    table.rows.push_back(
        {std::to_string(record.number), rfc3339(record.time), record.actor, std::move(changes), record.command});
  }
  frame.document.summary = {std::to_string(list->size()) + (list->size() == 1 ? " record." : " records.")};
  if (!table.rows.empty()) frame.document.tables.push_back(std::move(table));
  return frame.finish({}, false, {{"records", std::move(json)}});
}

Outcome verify_audit(Environment& environment, Home& home) {
  Frame frame(environment, home.config().computer.fqdn);
  const auto count = verified(home);
  if (!count) {
    frame.document.headline = "The audit is broken";
    return frame.finish(std::unexpected(count.error()), false, {{"whole", false}});
  }
  frame.document.headline = "The audit is whole: " + std::to_string(*count) + (*count == 1 ? " record" : " records");
  return frame.finish({}, false, {{"whole", true}, {"records", *count}});
}

}  // namespace certferry::commands
