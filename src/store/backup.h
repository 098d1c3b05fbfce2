// A store's content as one text, which can be checked: what `certferry store backup` writes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store/store.h"

namespace certferry::store {

struct Backup {
  Time made{};
  Revision revision = 0;  // the store's, when it was read
  std::vector<std::pair<std::string, std::string>> entries;  // by key

  bool operator==(const Backup&) const = default;
};

// A line of JSON that says what it is, one for each entry (key and value in base64), and one with the number of entries and
// the SHA-256 of everything before it.
[[nodiscard]] std::string to_text(const Backup& backup);
// CF1519 it is no backup, was cut off or altered; CF1505 it was written by a newer certferry.
[[nodiscard]] Result<Backup> backup_from_text(std::string_view text);

// Everything of the store, from one moment.
[[nodiscard]] Result<Backup> read_backup(Store& store, Time now);
// The backup as a store of its own, to be copied.
[[nodiscard]] Result<> fill(Store& empty, const Backup& backup);

}  // namespace certferry::store
