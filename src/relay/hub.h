// What a relay knows of its fleet, and which computer waits for what of it. Knows nothing of the network.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "fleet/statements.h"
#include "store/store.h"

namespace certferry::relay {

using Sha256 = std::array<std::uint8_t, 32>;

// What a computer gets at once.
struct Delivery {
  struct Entry {
    std::string key;
    std::shared_ptr<const std::string> value;
  };
  std::vector<Entry> entries;
  std::vector<std::string> removed;
  bool complete = false;  // nothing else waits for it
};

// A computer that is connected. The hub calls it from the thread that changed something, and holds no lock then.
class Subscriber {
 public:
  virtual ~Subscriber() = default;
  // There may be something to take().
  virtual void wake() = 0;
};

// Any number of threads. Values are shared, not copied for each computer, and of a key only the latest one waits: a slow
// computer costs no more than a quick one.
class Hub {
 public:
  using Id = std::uint64_t;
  static constexpr std::size_t kLargestDelivery = 256 * 1024;  // octets of values, where there is more than one
  static constexpr std::size_t kMostEntries = 64;

  // In place of everything that was known; `entries` are of fleet/.
  void replace(const std::vector<store::Entry>& entries);
  // Sealed keys come before the manifest that needs them: whoever waits for nothing else is woken with that, or by release().
  void apply(const std::vector<store::Change>& changes);
  // Whether somebody waits for sealed keys alone and was not woken.
  [[nodiscard]] bool holds() const;
  void release();
  [[nodiscard]] std::shared_ptr<const std::string> get(const std::string& key) const;
  // How many keys begin with `prefix`.
  [[nodiscard]] std::size_t count(std::string_view prefix) const;

  // Whether `identity` (SubjectPublicKeyInfo) is the key of the computer, and that an active member of the fleet. Nothing of it
  // is proved by signatures: who can write to the store can also read it. CF2301 (kFailed) nobody, CF2302 (kNotPermitted) the key
  // of somebody else, CF2303 (kDeclined) a member that left.
  [[nodiscard]] Result<> admit(const std::string& fqdn, ByteView identity) const;

  struct Known {
    std::string key;
    Sha256 sha256{};
  };
  // Admits, and has `subscriber` woken whenever something for it changes; what differs from `known` waits already, and a
  // complete delivery in any case. A member that left is told so by its own statement alone. CF2301, CF2302.
  [[nodiscard]] Result<Id> subscribe(const std::string& fqdn, ByteView identity, const std::vector<Known>& known,
                                     std::weak_ptr<Subscriber> subscriber);
  void unsubscribe(Id id);

  // What waits, at most kLargestDelivery and kMostEntries; nothing where nothing does. CF2303 where the computer left, CF2304
  // (kConflict) where it has another place now and shall subscribe again: both after its own statement was delivered.
  [[nodiscard]] Result<std::optional<Delivery>> take(Id id);
  [[nodiscard]] std::size_t subscriptions() const;

 private:
  struct Value {
    std::shared_ptr<const std::string> text;
    Sha256 sha256{};
  };
  struct Subscription {
    std::string fqdn;
    Bytes identity;
    std::vector<std::string> keys;  // as of keys_for()
    std::set<std::string> waiting;
    std::weak_ptr<Subscriber> subscriber;
    bool greeted = false;  // got a complete delivery, or what it waits for will be one
    enum class End { kNot, kLeft, kMoved } end = End::kNot;
  };
  using Woken = std::vector<std::shared_ptr<Subscriber>>;

  [[nodiscard]] const fleet::Member* member(const std::string& fqdn) const;
  [[nodiscard]] Result<> check(const std::string& fqdn, ByteView identity) const;
  void put(const std::string& key, const std::optional<std::string>& value, Woken& woken);
  void tell(const std::string& key, Woken& woken);
  void reconsider(const std::string& fqdn, Woken& woken);
  void forget(Id id);
  static void wake(const Woken& woken);

  mutable std::mutex mutex_;  // over all below
  std::map<std::string, Value, std::less<>> values_;
  std::unordered_map<std::string, fleet::Member> members_;  // by fqdn
  std::unordered_map<Id, Subscription> subscriptions_;
  std::unordered_map<std::string, std::set<Id>> interested_;  // by key or prefix
  std::unordered_map<std::string, std::set<Id>> connected_;  // by fqdn
  std::set<Id> held_;  // those of holds(), and perhaps others
  Id last_ = 0;
};

}  // namespace certferry::relay
