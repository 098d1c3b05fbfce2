#include "store/copy.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace certferry::store {
namespace {

// Rounds in which the source may change under the copy.
constexpr int kRounds = 10;
// One operation is the expectation that the mark is still this copy's.
constexpr std::size_t kWritesInBatch = Batch::kMaxOperations - 1;

using Content = std::map<std::string, std::string>;

struct Snapshot {
  Content content;  // without the mark
  Revision revision = 0;
  Revision mark = 0;  // 0: none
};

Result<Snapshot> read(Store& store) {
  Snapshot snapshot;
  CERTFERRY_ASSIGN(Listing listing, store.list(""));
  snapshot.revision = listing.revision;
  for (Entry& entry : listing.entries) {
    if (entry.key == kUnfinishedCopy) {
      snapshot.mark = entry.revision;
    } else {
      snapshot.content.emplace(std::move(entry.key), std::move(entry.value));
    }
  }
  return snapshot;
}

std::unexpected<Error> refuse(std::string message, std::string fix) {
  return fail(ErrorKind::kFailed, "CF1515", std::move(message), std::move(fix));
}

// Commits writes in as few batches as the limits allow.
class Writes {
 public:
  Writes(Store& target, Revision mark) : target_(target), mark_(mark) {}

  [[nodiscard]] Result<> put(const std::string& key, const std::string& value) {
    CERTFERRY_TRY(make_room(key.size() + value.size()));
    batch_.put(key, value);
    return {};
  }
  [[nodiscard]] Result<> remove(const std::string& key) {
    CERTFERRY_TRY(make_room(key.size()));
    batch_.remove(key);
    return {};
  }
  [[nodiscard]] Result<> flush() {
    if (batch_.puts.empty() && batch_.removals.empty()) return {};
    batch_.expect(std::string(kUnfinishedCopy), mark_);
    CERTFERRY_TRY(target_.commit(batch_));
    batch_ = {};
    octets_ = 0;
    return {};
  }

 private:
  [[nodiscard]] Result<> make_room(std::size_t octets) {
    if (batch_.puts.size() + batch_.removals.size() == kWritesInBatch || octets_ + octets > Batch::kMaxOctets)
      CERTFERRY_TRY(flush());
    octets_ += octets;
    return {};
  }

  Store& target_;
  Revision mark_;
  Batch batch_;
  std::size_t octets_ = 0;
};

Result<> write_differences(const Snapshot& source, const Snapshot& target, Store& store, CopyResult& result,
                           const std::function<void(const CopyProgress&)>& progress) {
  Writes writes(store, target.mark);
  CopyProgress state{.done = 0, .total = source.content.size()};
  for (const auto& [key, value] : target.content) {
    if (source.content.contains(key)) continue;
    CERTFERRY_TRY(writes.remove(key));
    ++result.removed;
  }
  for (const auto& [key, value] : source.content) {
    const auto there = target.content.find(key);
    if (there == target.content.end() || there->second != value) {
      CERTFERRY_TRY(writes.put(key, value));
      ++result.written;
    }
    ++state.done;
    if (progress && state.done < state.total && state.done % kWritesInBatch == 0) progress(state);
  }
  CERTFERRY_TRY(writes.flush());
  if (progress) progress(state);
  return {};
}

Result<Snapshot> read_source(Store& store) {
  CERTFERRY_ASSIGN(Snapshot snapshot, read(store));
  snapshot.content.erase(std::string(kMovedStore));
  if (snapshot.mark != 0)
    return refuse("the store to copy from is an unfinished copy itself", "copy from the one that it was made of");
  return snapshot;
}

}  // namespace

Result<bool> is_unfinished_copy(Store& store) {
  CERTFERRY_ASSIGN(const auto mark, store.get(kUnfinishedCopy));
  return mark.has_value();
}

Result<std::optional<std::string>> moved_to(Store& store) {
  CERTFERRY_ASSIGN(const auto mark, store.get(kMovedStore));
  return mark ? std::optional(mark->value) : std::nullopt;
}

std::unexpected<Error> has_moved(const std::string& place) {
  return fail(ErrorKind::kFailed, "CF1517", "this store has moved to " + place,
              "run `certferry store migrate --to '" + place +
                  "'`, which finishes what was interrupted; else write url = \"" + place +
                  "\" below [store] in certferry.toml");
}

Result<> check_usable(Store& store) {
  CERTFERRY_ASSIGN(const Listing marks, store.list("copy/"));
  for (const Entry& mark : marks.entries) {
    if (mark.key == kMovedStore) return has_moved(mark.value);
    if (mark.key == kUnfinishedCopy)
      return fail(
          ErrorKind::kFailed, "CF1518", "this store is a copy that is not finished",
          "run the `certferry store migrate` or `certferry store restore` again that was interrupted: it goes on");
  }
  return {};
}

Result<CopyResult> copy_store(Store& source, Store& target, const CopyOptions& options) {
  CopyResult result;
  bool sealed = !options.seal_source;
  for (int round = 0; round < kRounds; ++round) {
    CERTFERRY_ASSIGN(const Snapshot wanted, read_source(source));
    CERTFERRY_ASSIGN(Snapshot found, read(target));
    const bool same = wanted.content == found.content;
    if (same && !sealed) {
      CERTFERRY_TRY(options.seal_source());
      sealed = true;
      continue;
    }
    if (same) {
      // Both were read after the last write: this is the comparison.
      if (found.mark != 0) {
        Batch finish;
        finish.expect(std::string(kUnfinishedCopy), found.mark);
        finish.remove(std::string(kUnfinishedCopy));
        CERTFERRY_TRY(target.commit(finish));
      }
      result.keys = found.content.size();
      result.source = wanted.revision;
      return result;
    }
    if (found.mark == 0) {
      if (!found.content.empty() && !options.replace) {
        return refuse("the store to copy to holds something else, " + found.content.begin()->first + " for one",
                      "name a new store; what is there is never written over");
      }
      Batch begin;
      begin.expect(std::string(kUnfinishedCopy), 0);
      begin.put(std::string(kUnfinishedCopy), "");
      CERTFERRY_ASSIGN(found.mark, target.commit(begin));
    }
    CERTFERRY_TRY(write_differences(wanted, found, target, result, options.progress));
  }
  return fail(ErrorKind::kConflict, "CF1516", "a store changed each time it was compared with its copy",
              "stop what writes to it (agents, commands), then run the command again: it goes on");
}

}  // namespace certferry::store
