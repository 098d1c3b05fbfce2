// The store: an ordered map from keys to values with revisions. What shall be is written here; it is never the place of
// private keys.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace certferry::store {

// Grows with each commit that changes something, on a shared engine perhaps by more than one; 0 lies before every commit,
// and is the revision of a key that does not exist.
using Revision = std::uint64_t;

struct Entry {
  std::string key;
  std::string value;
  Revision revision = 0;  // of the commit that wrote it

  bool operator==(const Entry&) const = default;
};

struct Listing {
  std::vector<Entry> entries;  // by key, in the order of octets
  Revision revision = 0;  // the store's, when it was read
};

// A commit's content. Everything or nothing of it happens.
struct Batch {
  struct Expectation {
    std::string key;
    Revision revision = 0;  // 0: the key must not exist
  };
  std::vector<Expectation> expectations;
  std::vector<std::pair<std::string, std::string>> puts;
  std::vector<std::string> removals;

  void expect(std::string key, Revision revision) { expectations.push_back({std::move(key), revision}); }
  void put(std::string key, std::string value) { puts.emplace_back(std::move(key), std::move(value)); }
  void remove(std::string key) { removals.push_back(std::move(key)); }
  // What etcd's defaults carry, so that every engine carries it.
  static constexpr std::size_t kMaxOperations = 128;
  static constexpr std::size_t kMaxOctets = 1024 * 1024;
};

// The latest state of one key that changed; states between are skipped.
struct Change {
  std::string key;
  std::optional<std::string> value;  // nothing: it was removed
  Revision revision = 0;

  bool operator==(const Change&) const = default;
};

struct Changes {
  std::vector<Change> changes;  // by revision, then key
  Revision revision = 0;  // watch from here the next time
  bool compacted = false;  // what the store tells does not go on from `from` (an older backup came back): list again
};

// Errors: CF1501 (kConflict) an expectation did not hold, CF1502 the batch is too large or touches a key twice,
// CF1503 (kUnreachable) the engine cannot be opened or reached, CF1504 the data is damaged, CF1505 it was written by a
// newer certferry, CF1506 (kConflict) another process kept it locked for too long, CF1507 the engine cannot write, CF1514
// (kUnreachable) the engine went away during a commit, and nobody can tell whether it happened.
// One object is used by one thread at a time; several processes may use one store.
class Store {
 public:
  virtual ~Store() = default;
  [[nodiscard]] virtual Result<std::optional<Entry>> get(std::string_view key) = 0;
  // Every key that starts with `prefix`, from one moment.
  [[nodiscard]] virtual Result<Listing> list(std::string_view prefix) = 0;
  // Returns the new revision once it is durable.
  [[nodiscard]] virtual Result<Revision> commit(const Batch& batch) = 0;
  // What changed after `from` below `prefix`; returns at once, empty where nothing did.
  [[nodiscard]] virtual Result<Changes> changes(std::string_view prefix, Revision from) = 0;
  // Sleeps until something below `prefix` may have changed after `from` (true: ask changes()), or `limit` is over (false).
  // May wake for nothing; what was committed after `from` before it was called wakes it at once, so nothing is missed
  // between two calls. Several processes' commits wake it. CF1503 where the engine could not be heard all that time. Who
  // lives by it asks changes() from time to time all the same.
  [[nodiscard]] virtual Result<bool> wait(std::string_view prefix, Revision from, std::chrono::milliseconds limit) = 0;
  // Returns once every commit that was under way when it was called is over: what is read then tells of it. For those who
  // were woken by its traces. CF1506.
  [[nodiscard]] virtual Result<> wait_for_writers() { return {}; }
  // Looks at everything the engine has: CF1504 names what is damaged.
  [[nodiscard]] virtual Result<> verify() = 0;

 private:
  friend class Reading;
  virtual void begin_reading() {}
  virtual void end_reading() {}
};

// While it lives, get() and list() tell of one moment where the engine can (memory: the present), and cost less. Not to be
// nested, nor alive during a commit.
class Reading {
 public:
  explicit Reading(Store& store) : store_(store) { store_.begin_reading(); }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;
  ~Reading() { store_.end_reading(); }

 private:
  Store& store_;
};

// The checks that every engine makes before it looks at its data: CF1502.
[[nodiscard]] Result<> check_batch(const Batch& batch);
[[nodiscard]] std::unexpected<Error> conflict(std::string_view key);

}  // namespace certferry::store
