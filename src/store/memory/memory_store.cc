#include "store/memory/memory_store.h"

#include <algorithm>

namespace certferry::store {

Result<std::optional<Entry>> MemoryStore::get(std::string_view key) {
  const std::lock_guard lock(mutex_);
  const auto it = states_.find(key);
  if (it == states_.end() || !it->second.value) return std::optional<Entry>();
  return std::optional(Entry{it->first, *it->second.value, it->second.revision});
}

Result<Listing> MemoryStore::list(std::string_view prefix) {
  const std::lock_guard lock(mutex_);
  Listing listing;
  listing.revision = revision_;
  for (auto it = states_.lower_bound(prefix); it != states_.end() && it->first.starts_with(prefix); ++it) {
    if (it->second.value) listing.entries.push_back({it->first, *it->second.value, it->second.revision});
  }
  return listing;
}

Revision MemoryStore::revision_of(const std::string& key) const {
  const auto it = states_.find(key);
  return it == states_.end() || !it->second.value ? 0 : it->second.revision;
}

Result<Revision> MemoryStore::commit(const Batch& batch) {
  CERTFERRY_TRY(check_batch(batch));
  const std::lock_guard lock(mutex_);
  for (const Batch::Expectation& expected : batch.expectations) {
    if (revision_of(expected.key) != expected.revision) return conflict(expected.key);
  }
  ++revision_;
  for (const auto& [key, value] : batch.puts) states_[key] = {value, revision_};
  for (const std::string& key : batch.removals) {
    if (revision_of(key) != 0) states_[key] = {std::nullopt, revision_};
  }
  committed_.notify_all();
  return revision_;
}

bool MemoryStore::changed(std::string_view prefix, Revision from) const {
  if (revision_ <= from) return false;
  for (auto it = states_.lower_bound(prefix); it != states_.end() && it->first.starts_with(prefix); ++it) {
    if (it->second.revision > from) return true;
  }
  return false;
}

Result<bool> MemoryStore::wait(std::string_view prefix, Revision from, std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  return committed_.wait_for(lock, limit, [&] { return changed(prefix, from); });
}

Result<Changes> MemoryStore::changes(std::string_view prefix, Revision from) {
  const std::lock_guard lock(mutex_);
  Changes found;
  found.revision = revision_;
  for (auto it = states_.lower_bound(prefix); it != states_.end() && it->first.starts_with(prefix); ++it) {
    if (it->second.revision > from) found.changes.push_back({it->first, it->second.value, it->second.revision});
  }
  std::stable_sort(found.changes.begin(), found.changes.end(),
                   [](const Change& a, const Change& b) { return a.revision < b.revision; });
  return found;
}

}  // namespace certferry::store
