#include "store/audit.h"

#include <nlohmann/json.hpp>

#include "store/copy.h"
#include "x509/digest.h"

namespace certferry::store {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kHead = "audit/head";
constexpr std::string_view kRecords = "audit/0";  // numbers have 20 digits, so that their order is that of the keys

std::string key_of(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  return "audit/" + std::string(20 - digits.size(), '0') + digits;
}

std::string digest(std::string_view text) { return hex_lower(x509::sha256(as_bytes(text))); }

std::string text_of(const AuditRecord& record) {
  const ordered_json json = {{"schema", 1},
                             {"number", record.number},
                             {"time", rfc3339(record.time)},
                             {"actor", record.actor},
                             {"command", record.command},
                             {"outcome", record.outcome},
                             {"changes", record.changes},
                             {"previous", record.previous}};
  return json.dump(-1, ' ', true, ordered_json::error_handler_t::replace);
}

Result<AuditRecord> read_record(const Entry& entry) {
  const ordered_json json = ordered_json::parse(entry.value, nullptr, /*allow_exceptions=*/false);
  const auto text = [&](const char* field) {
    return json.contains(field) && json[field].is_string() ? json[field].get<std::string>() : std::string();
  };
  const std::optional<Time> time = json.is_object() ? from_rfc3339(text("time")) : std::nullopt;
  if (!time || !json["number"].is_number_unsigned() || !json["changes"].is_array()) {
    return fail(
        ErrorKind::kFailed, "CF1511", "the audit record " + entry.key + " cannot be read",
        "restore the store from a backup; `certferry audit verify` names the first record that is not as it was written");
  }
  AuditRecord record{json["number"], *time, text("actor"), text("command"), {}, text("previous"), text("outcome")};
  for (const auto& change : json["changes"]) {
    if (change.is_string()) record.changes.push_back(change);
  }
  return record;
}

struct Head {
  std::uint64_t number = 0;
  std::string hash = digest("");
  Revision revision = 0;
};

Result<Head> read_head(Store& store) {
  CERTFERRY_ASSIGN(const std::optional<Entry> entry, store.get(kHead));
  if (!entry) return Head{};
  const ordered_json json = ordered_json::parse(entry->value, nullptr, false);
  if (!json.is_object() || !json.contains("number") || !json["number"].is_number_unsigned() || !json.contains("hash") ||
      !json["hash"].is_string()) {
    return fail(ErrorKind::kFailed, "CF1511", "the head of the audit cannot be read",
                "restore the store from a backup");
  }
  return Head{json["number"], json["hash"], entry->revision};
}

std::unexpected<Error> broken(std::uint64_t number, std::string_view why) {
  return fail(ErrorKind::kFailed, "CF1510",
              "the audit is broken at record " + std::to_string(number) + ": " + std::string(why),
              "somebody changed the store around certferry: compare it with a backup, and find out who");
}

}  // namespace

Result<> append_audit(Store& store, Batch& batch, AuditRecord record) {
  CERTFERRY_ASSIGN(const Head head, read_head(store));
  // After the head, which the move changes: whoever planned before it does not commit after it.
  CERTFERRY_ASSIGN(const auto moved, moved_to(store));
  if (moved) return has_moved(*moved);
  record.number = head.number + 1;
  record.previous = head.hash;
  std::string text = text_of(record);
  const ordered_json next = {{"number", record.number}, {"hash", digest(text)}};
  batch.expect(std::string(kHead), head.revision);
  batch.put(std::string(kHead), next.dump());
  batch.put(key_of(record.number), std::move(text));
  return {};
}

Result<std::optional<Time>> last_audit_time(Store& store) {
  CERTFERRY_ASSIGN(const Head head, read_head(store));
  if (head.number == 0) return std::optional<Time>();
  CERTFERRY_ASSIGN(const std::optional<Entry> entry, store.get(key_of(head.number)));
  if (!entry) return std::unexpected(broken(head.number, "it is missing").error());
  CERTFERRY_ASSIGN(const AuditRecord record, read_record(*entry));
  return std::optional(record.time);
}

Result<std::vector<AuditRecord>> audit_records(Store& store) {
  CERTFERRY_ASSIGN(const Listing listing, store.list(kRecords));
  std::vector<AuditRecord> records;
  for (const Entry& entry : listing.entries) {
    CERTFERRY_ASSIGN(AuditRecord record, read_record(entry));
    records.push_back(std::move(record));
  }
  return records;
}

Result<std::uint64_t> verify_audit(Store& store) {
  CERTFERRY_ASSIGN(const Head head, read_head(store));
  CERTFERRY_ASSIGN(const Listing listing, store.list(kRecords));
  std::uint64_t number = 0;
  std::string hash = digest("");
  for (const Entry& entry : listing.entries) {
    ++number;
    if (entry.key != key_of(number)) return broken(number, "it is missing");
    CERTFERRY_ASSIGN(const AuditRecord record, read_record(entry));
    if (record.number != number || text_of(record) != entry.value)
      return broken(number, "it is not as certferry writes it");
    if (record.previous != hash) {
      return broken(number == 1 ? 1 : number - 1,
                    "it is not the one that record " + std::to_string(number) + " follows");
    }
    hash = digest(entry.value);
  }
  if (head.number != number) return broken(number + 1, "the head names " + std::to_string(head.number) + " records");
  if (head.hash != hash) return broken(number, "it is not the one that was written last");
  return number;
}

}  // namespace certferry::store
