// How a value lies in etcd: what it is, which commit wrote it, and what it says.
//
//   octet 0        1: removed, 2: a value
//   octets 1…16    the commit's number, drawn at random
//   the rest       the value
//
// A removed key stays: deletes around a compaction are missed by etcd's watches, and changes() is to tell of them. The
// number tells whether a commit whose answer was lost has happened.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace certferry::store::etcd {

inline constexpr std::size_t kCommitIdSize = 16;
inline constexpr char kRemoved = 1;
inline constexpr char kValue = 2;

struct StoredValue {
  std::string_view commit_id;
  std::optional<std::string_view> value;  // nothing: removed
};

// Nothing where certferry did not write it. Points into `octets`.
[[nodiscard]] inline std::optional<StoredValue> read_stored(std::string_view octets) {
  if (octets.size() < 1 + kCommitIdSize) return std::nullopt;
  const StoredValue stored{octets.substr(1, kCommitIdSize), octets.substr(1 + kCommitIdSize)};
  if (octets[0] == kValue) return stored;
  if (octets[0] == kRemoved && stored.value->empty()) return StoredValue{stored.commit_id, std::nullopt};
  return std::nullopt;
}

[[nodiscard]] inline std::string to_stored(std::string_view commit_id, std::optional<std::string_view> value) {
  std::string octets(1, value ? kValue : kRemoved);
  octets += commit_id;
  if (value) octets += *value;
  return octets;
}

}  // namespace certferry::store::etcd
