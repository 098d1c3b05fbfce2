// How etcd is, as far as its API tells: for `certferry store show` and `certferry doctor`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/etcd_url.h"

namespace certferry::store {

struct EtcdMember {
  std::string endpoint;
  std::string problem;  // why it does not answer; empty where it does
  std::string version;
  bool leads = false;
  bool learner = false;
  std::int64_t octets = 0;         // of its database file
  std::int64_t octets_in_use = 0;  // without what defragmenting would give back
  std::int64_t quota = 0;          // 0: it does not say
  std::vector<std::string> errors;  // in its own words
};

struct EtcdHealth {
  std::vector<EtcdMember> members;  // those that the address names
  std::int64_t revision = 0;        // etcd's
  bool keeps_all_history = false;   // it was never compacted
  std::size_t removed = 0;          // keys that were removed, whose place is still kept
  std::vector<std::string> alarms;  // "NOSPACE", "CORRUPT"
};

// Asks each member once. CF1503 where none answers, and as EtcdStore::open. Part of what links gRPC.
[[nodiscard]] Result<EtcdHealth> examine_etcd(const EtcdUrl& url);

}  // namespace certferry::store
