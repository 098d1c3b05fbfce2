// Removed keys keep a place in etcd, so that who watches learns of the removal. Here they go once nobody can need them.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "store/etcd/connection.h"

namespace certferry::store::etcd {

// What /certferry/<name>/purged says: "<gone> <until> <seconds>".
struct PurgeMark {
  std::int64_t gone = 0;  // removals up to this revision may be gone: whoever knows less has to list again
  std::int64_t until = 0;  // removals up to this one were at least as old as the mark
  Time at{};  // when the mark was written
  std::int64_t written = 0;  // the mark's own revision; 0: none
  std::int64_t now = 0;  // etcd's revision, when it was read
};
[[nodiscard]] Result<PurgeMark> read_mark(Connection& connection, const std::string& key);

struct Removed {
  std::string key;
  std::int64_t revision = 0;  // of the removal
};
// The keys below `folder` that are removed, and still have their place; those of removals up to `revision`. Errors of Connection::error().
[[nodiscard]] Result<std::vector<Removed>> removed_until(Connection& connection, const std::string& folder,
                                                         std::int64_t revision);

// Erases what was removed before the mark, where that is a day old, and writes a new mark. Returns how many keys went.
[[nodiscard]] Result<std::size_t> purge(Connection& connection, const std::string& mark_key, const std::string& folder,
                                        Time now);

}  // namespace certferry::store::etcd
