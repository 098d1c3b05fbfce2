#include "store/backup.h"

#include <nlohmann/json.hpp>

#include "base/bytes.h"
#include "x509/digest.h"

namespace certferry::store {
namespace {

using nlohmann::ordered_json;

constexpr const char* kKind = "certferry store backup";

std::string digest(std::string_view text) { return hex_lower(x509::sha256(as_bytes(text))); }

std::unexpected<Error> no_backup(std::string_view why) {
  return fail(ErrorKind::kRejected, "CF1519", "the file is no sound backup of a store: " + std::string(why),
              "use another copy of it, or an older backup; nothing was changed");
}

// An object with a text under each name.
bool has_texts(const ordered_json& json, std::initializer_list<const char*> names) {
  if (!json.is_object()) return false;
  for (const char* name : names) {
    if (!json.contains(name) || !json[name].is_string()) return false;
  }
  return true;
}

std::optional<std::string> decoded(const ordered_json& text) {
  const auto bytes = from_base64(text.get<std::string>());
  return bytes ? std::optional(std::string(bytes->begin(), bytes->end())) : std::nullopt;
}

Result<Backup> read_head(std::string_view line) {
  const ordered_json json = ordered_json::parse(line, nullptr, false);
  if (!has_texts(json, {"kind", "made"}) || json["kind"] != kKind) return no_backup("its first line does not say so");
  if (!json.contains("schema") || json["schema"] != 1)
    return fail(ErrorKind::kFailed, "CF1505", "the backup was written by a newer certferry",
                "use the newer version on this computer too");
  const auto made = from_rfc3339(json["made"].get<std::string>());
  if (!made || !json.contains("revision") || !json["revision"].is_number_unsigned())
    return no_backup("its first line cannot be read");
  return Backup{*made, json["revision"], {}};
}

}  // namespace

std::string to_text(const Backup& backup) {
  std::string text =
      ordered_json{{"kind", kKind}, {"schema", 1}, {"made", rfc3339(backup.made)}, {"revision", backup.revision}}
          .dump() +
      "\n";
  for (const auto& [key, value] : backup.entries)
    text += ordered_json{{"key", base64(as_bytes(key))}, {"value", base64(as_bytes(value))}}.dump() + "\n";
  const std::string sum = digest(text);
  return text + ordered_json{{"entries", backup.entries.size()}, {"sha256", sum}}.dump() + "\n";
}

Result<Backup> backup_from_text(std::string_view text) {
  if (!text.starts_with("{\"kind\"")) return no_backup("its first line does not say so");
  if (!text.ends_with('\n')) return no_backup("its end is missing");
  const std::size_t last = text.substr(0, text.size() - 1).rfind('\n') + 1;
  const ordered_json end = ordered_json::parse(text.substr(last), nullptr, false);
  if (!has_texts(end, {"sha256"}) || !end.contains("entries")) return no_backup("its end is missing");
  if (end["sha256"] != digest(text.substr(0, last))) return no_backup("it is not what its SHA-256 says");
  std::optional<Backup> backup;
  for (std::string_view rest = text.substr(0, last); !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() + 1);
    if (!backup) {
      CERTFERRY_ASSIGN(backup, read_head(line));
      continue;
    }
    const ordered_json json = ordered_json::parse(line, nullptr, false);
    if (!has_texts(json, {"key", "value"})) return no_backup("an entry cannot be read");
    auto key = decoded(json["key"]);
    auto value = decoded(json["value"]);
    if (!key || !value) return no_backup("an entry cannot be read");
    if (!backup->entries.empty() && backup->entries.back().first >= *key)
      return no_backup("its entries are not in order");
    backup->entries.emplace_back(std::move(*key), std::move(*value));
  }
  if (!backup || end["entries"] != backup->entries.size()) return no_backup("an entry is missing");
  return std::move(*backup);
}

Result<Backup> read_backup(Store& store, Time now) {
  CERTFERRY_ASSIGN(Listing listing, store.list(""));
  Backup backup{now, listing.revision, {}};
  for (Entry& entry : listing.entries) backup.entries.emplace_back(std::move(entry.key), std::move(entry.value));
  return backup;
}

Result<> fill(Store& empty, const Backup& backup) {
  Batch batch;
  std::size_t octets = 0;
  const auto flush = [&]() -> Result<> {
    if (batch.puts.empty()) return {};
    octets = 0;
    CERTFERRY_TRY(empty.commit(std::exchange(batch, {})));
    return {};
  };
  for (const auto& [key, value] : backup.entries) {
    if (batch.puts.size() == Batch::kMaxOperations || octets + key.size() + value.size() > Batch::kMaxOctets)
      CERTFERRY_TRY(flush());
    octets += key.size() + value.size();
    batch.put(key, value);
  }
  return flush();
}

}  // namespace certferry::store
