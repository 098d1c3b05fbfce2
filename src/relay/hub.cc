#include "relay/hub.h"

#include <algorithm>

#include "fleet/store_keys.h"
#include "seal/dsse.h"
#include "x509/digest.h"

namespace certferry::relay {
namespace {

// What nobody is told is not kept: statuses of ten thousand computers are for administrators, who read the store.
bool is_kept(std::string_view key) { return !key.starts_with(fleet::kStatusKeys); }

std::optional<fleet::Member> member_in(std::string_view envelope) {
  const auto read = seal::envelope_from_json(envelope);
  if (!read) return std::nullopt;
  auto member = fleet::statement_from_json<fleet::Member>(read->payload);
  return member ? std::optional(std::move(*member)) : std::nullopt;
}

bool covers(const std::vector<std::string>& keys, std::string_view key) {
  return std::ranges::any_of(
      keys, [&](const std::string& one) { return one.ends_with('/') ? key.starts_with(one) : key == one; });
}

std::unexpected<Error> nobody(const std::string& fqdn) {
  return fail(ErrorKind::kFailed, "CF2301", "the fleet has no computer " + fqdn,
              "certferry computer add " + fqdn + ", or approve it where it asked to join");
}

std::unexpected<Error> left(const fleet::Member& member) {
  return fail(ErrorKind::kDeclined, "CF2303",
              "the fleet says that " + member.computer.fqdn + " is " + std::string(name_of(member.state)),
              "ask the fleet's administrators");
}

}  // namespace

void Hub::replace(const std::vector<store::Entry>& entries) {
  Woken woken;
  {
    const std::scoped_lock lock(mutex_);
    std::set<std::string> gone;
    for (const auto& [key, value] : values_) gone.insert(key);
    for (const store::Entry& entry : entries) {
      gone.erase(entry.key);
      put(entry.key, entry.value, woken);
    }
    for (const std::string& key : gone) put(key, std::nullopt, woken);
  }
  wake(woken);
}

void Hub::apply(const std::vector<store::Change>& changes) {
  Woken woken;
  {
    const std::scoped_lock lock(mutex_);
    for (const store::Change& change : changes) put(change.key, change.value, woken);
  }
  wake(woken);
}

bool Hub::holds() const {
  const std::scoped_lock lock(mutex_);
  return !held_.empty();
}

void Hub::release() {
  Woken woken;
  {
    const std::scoped_lock lock(mutex_);
    for (const Id id : std::exchange(held_, {})) {
      const auto found = subscriptions_.find(id);
      if (found == subscriptions_.end()) continue;
      if (auto subscriber = found->second.subscriber.lock()) woken.push_back(std::move(subscriber));
    }
  }
  wake(woken);
}

std::shared_ptr<const std::string> Hub::get(const std::string& key) const {
  const std::scoped_lock lock(mutex_);
  const auto found = values_.find(key);
  return found == values_.end() ? nullptr : found->second.text;
}

std::size_t Hub::count(std::string_view prefix) const {
  const std::scoped_lock lock(mutex_);
  std::size_t count = 0;
  for (auto at = values_.lower_bound(prefix); at != values_.end() && at->first.starts_with(prefix); ++at) ++count;
  return count;
}

Result<> Hub::admit(const std::string& fqdn, ByteView identity) const {
  const std::scoped_lock lock(mutex_);
  CERTFERRY_TRY(check(fqdn, identity));
  const fleet::Member& known = *member(fqdn);
  if (known.state != fleet::Member::State::kActive) return left(known);
  return {};
}

Result<Hub::Id> Hub::subscribe(const std::string& fqdn, ByteView identity, const std::vector<Known>& known,
                               std::weak_ptr<Subscriber> subscriber) {
  const std::scoped_lock lock(mutex_);
  CERTFERRY_TRY(check(fqdn, identity));
  const fleet::Member& own = *member(fqdn);
  const bool active = own.state == fleet::Member::State::kActive;
  Subscription made;
  made.fqdn = fqdn;
  made.identity = to_bytes(identity);
  made.subscriber = std::move(subscriber);
  if (active) made.keys = fleet::keys_for(own.computer);
  else made.keys = {fleet::member_key(fqdn)};
  if (!active) made.end = Subscription::End::kLeft;

  std::map<std::string_view, const Sha256*> has;
  for (const Known& one : known) has.emplace(one.key, &one.sha256);
  for (const std::string& key : made.keys) {
    for (auto at = values_.lower_bound(key); at != values_.end() && at->first.starts_with(key); ++at) {
      if (!key.ends_with('/') && at->first != key) continue;
      const auto there = has.find(at->first);
      if (there == has.end() || *there->second != at->second.sha256) made.waiting.insert(at->first);
    }
  }
  for (const auto& [key, sha256] : has) {
    const std::string name(key);
    // Whoever left keeps what it knows: nobody tells it anything but that.
    if (active && (!covers(made.keys, name) || !values_.contains(name))) made.waiting.insert(name);
  }
  const Id id = ++last_;
  for (const std::string& key : made.keys) interested_[key].insert(id);
  connected_[fqdn].insert(id);
  subscriptions_.emplace(id, std::move(made));
  return id;
}

void Hub::unsubscribe(Id id) {
  const std::scoped_lock lock(mutex_);
  forget(id);
}

Result<std::optional<Delivery>> Hub::take(Id id) {
  const std::scoped_lock lock(mutex_);
  const auto found = subscriptions_.find(id);
  if (found == subscriptions_.end()) return std::nullopt;
  Subscription& one = found->second;
  if (one.waiting.empty() && one.end != Subscription::End::kNot) {
    if (one.end == Subscription::End::kLeft && member(one.fqdn)) return left(*member(one.fqdn));
    return fail(ErrorKind::kConflict, "CF2304", one.fqdn + " has another place in the fleet now",
                "nothing is to be done: it asks again by itself");
  }
  if (one.waiting.empty() && one.greeted) return std::nullopt;
  Delivery delivery;
  std::size_t octets = 0;
  while (!one.waiting.empty() && octets < kLargestDelivery &&
         delivery.entries.size() + delivery.removed.size() < kMostEntries) {
    auto key = one.waiting.extract(one.waiting.begin());
    const auto value = values_.find(key.value());
    // A key that it does not get any more, or that is gone.
    if (value == values_.end() || !covers(one.keys, key.value())) {
      delivery.removed.push_back(std::move(key.value()));
      continue;
    }
    octets += value->second.text->size();
    delivery.entries.push_back({std::move(key.value()), value->second.text});
  }
  delivery.complete = one.waiting.empty();
  one.greeted = one.greeted || delivery.complete;
  return delivery;
}

std::size_t Hub::subscriptions() const {
  const std::scoped_lock lock(mutex_);
  return subscriptions_.size();
}

const fleet::Member* Hub::member(const std::string& fqdn) const {
  const auto found = members_.find(fqdn);
  return found == members_.end() ? nullptr : &found->second;
}

Result<> Hub::check(const std::string& fqdn, ByteView identity) const {
  const fleet::Member* const known = member(fqdn);
  if (!known) return nobody(fqdn);
  if (equal(known->identity_key, identity)) return {};
  return fail(ErrorKind::kNotPermitted, "CF2302", "the key is not the one of " + fqdn,
              "a computer that was set up anew joins anew: certferry computer remove " + fqdn +
                  ", then certferry computer add " + fqdn);
}

void Hub::put(const std::string& key, const std::optional<std::string>& value, Woken& woken) {
  if (!is_kept(key)) return;
  const auto there = values_.find(key);
  if (!value) {
    if (there == values_.end()) return;
    values_.erase(there);
  } else {
    if (there != values_.end() && *there->second.text == *value) return;
    values_.insert_or_assign(key, Value{std::make_shared<const std::string>(*value), x509::sha256(as_bytes(*value))});
  }
  tell(key, woken);
  if (!key.starts_with(fleet::kMemberKeys)) return;
  const std::string fqdn = key.substr(fleet::kMemberKeys.size());
  std::optional<fleet::Member> now = value ? member_in(*value) : std::nullopt;
  if (now && now->computer.fqdn == fqdn) members_.insert_or_assign(fqdn, std::move(*now));
  else members_.erase(fqdn);
  reconsider(fqdn, woken);
}

// Everybody who waits for the key itself, or for something above it.
void Hub::tell(const std::string& key, Woken& woken) {
  const bool can_wait = key.starts_with(fleet::kSealedKeys);
  const auto tell_those = [&](const std::string& name) {
    const auto found = interested_.find(name);
    if (found == interested_.end()) return;
    for (const Id id : found->second) {
      Subscription& one = subscriptions_.at(id);
      if (one.end != Subscription::End::kNot) continue;
      one.waiting.insert(key);
      if (can_wait) held_.insert(id);
      else if (auto subscriber = one.subscriber.lock()) woken.push_back(std::move(subscriber));
    }
  };
  tell_those(key);
  for (std::size_t at = key.find('/'); at != std::string::npos; at = key.find('/', at + 1))
    tell_those(key.substr(0, at + 1));
}

// After the statement of a computer changed: whether those who are connected as it may stay.
void Hub::reconsider(const std::string& fqdn, Woken& woken) {
  const auto found = connected_.find(fqdn);
  if (found == connected_.end()) return;
  const fleet::Member* const now = member(fqdn);
  for (const Id id : found->second) {
    Subscription& one = subscriptions_.at(id);
    const bool same = now && equal(now->identity_key, one.identity);
    if (same && now->state != fleet::Member::State::kActive) one.end = Subscription::End::kLeft;
    else if (!same || fleet::keys_for(now->computer) != one.keys) one.end = Subscription::End::kMoved;
    else continue;
    // Nothing else goes to somebody who left; whoever moved asks again for what it shall know.
    one.waiting.clear();
    if (same) one.waiting.insert(fleet::member_key(fqdn));
    if (auto subscriber = one.subscriber.lock()) woken.push_back(std::move(subscriber));
  }
}

void Hub::forget(Id id) {
  const auto found = subscriptions_.find(id);
  if (found == subscriptions_.end()) return;
  const auto leave = [id](auto& map, const std::string& name) {
    const auto set = map.find(name);
    if (set == map.end()) return;
    set->second.erase(id);
    if (set->second.empty()) map.erase(set);
  };
  for (const std::string& key : found->second.keys) leave(interested_, key);
  leave(connected_, found->second.fqdn);
  subscriptions_.erase(found);
}

void Hub::wake(const Woken& woken) {
  for (const auto& subscriber : woken) subscriber->wake();
}

}  // namespace certferry::relay
