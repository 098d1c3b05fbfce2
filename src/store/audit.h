// The audit: one record for each command that changed something, each bound to the one before by its SHA-256, so that none
// can be altered, left out or put in between without all later ones being made anew. It lies in the store beside what it
// tells about, under "audit/".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store/store.h"

namespace certferry::store {

struct AuditRecord {
  std::uint64_t number = 0;  // from 1, given by append_audit
  Time time{};
  std::string actor;  // "root (0)"
  std::string command;  // as typed, secrets replaced
  std::vector<std::string> changes;  // one sentence each
  std::string previous;  // SHA-256 of the previous record's text, lower-case hex; of nothing for the first
  std::string outcome = "done";  // or how else the command ended: "rolled back"

  bool operator==(const AuditRecord&) const = default;
};

// Adds to `batch` what appends the record: it is there exactly when the change is. Two commands at once conflict
// (CF1501 for "audit/head") and one of them plans anew.
[[nodiscard]] Result<> append_audit(Store& store, Batch& batch, AuditRecord record);

// When the newest record was written; nothing where there is none. CF1511.
[[nodiscard]] Result<std::optional<Time>> last_audit_time(Store& store);

// All records, oldest first. CF1511 where one cannot be read.
[[nodiscard]] Result<std::vector<AuditRecord>> audit_records(Store& store);

// CF1510 names the first record that was altered, is missing or does not follow from the one before.
[[nodiscard]] Result<std::uint64_t> verify_audit(Store& store);

}  // namespace certferry::store
