#include "simulation/hostile_network.h"

#include <algorithm>

#include "base/bytes.h"
#include "fleet/store_keys.h"
#include "seal/dsse.h"
#include "seal/keys.h"

namespace certferry::simulation {
namespace {

std::size_t below(std::size_t limit, std::mt19937_64& random) { return random() % limit; }
bool happens(unsigned percent, std::mt19937_64& random) { return random() % 100 < percent; }

// The same words, and a higher number, signed by somebody whom nobody knows.
std::string forged(const std::string& value) {
  const auto envelope = seal::envelope_from_json(value);
  const auto key = seal::make_key();
  if (!envelope || !key) return "{}";
  constexpr std::string_view kCounter = "\"counter\":";
  std::string payload(envelope->payload);
  if (const std::size_t at = payload.find(kCounter); at != std::string::npos) payload.insert(at + kCounter.size(), "9");
  const std::string_view type = envelope->payload_type;
  constexpr std::string_view kBefore = "application/vnd.certferry.", kAfter = "+json";
  if (type.size() <= kBefore.size() + kAfter.size()) return "{}";
  const auto kind = type.substr(kBefore.size(), type.size() - kBefore.size() - kAfter.size());
  const auto made = seal::sign_statement(kind, payload, *key);
  return made ? seal::to_json(*made) : "{}";
}

}  // namespace

void HostileNetwork::learn(const store::Listing& now) {
  now_.clear();
  for (const store::Entry& entry : now.entries) {
    now_[entry.key] = entry.value;
    std::vector<std::string>& values = ever_[entry.key];
    if (std::ranges::find(values, entry.value) == values.end()) values.push_back(entry.value);
  }
}

std::vector<std::string> HostileNetwork::keys_of(const fleet::Computer& place) const {
  std::vector<std::string> keys;
  for (const std::string& wanted : fleet::keys_for(place)) {
    for (auto it = ever_.lower_bound(wanted); it != ever_.end() && it->first.starts_with(wanted); ++it) {
      if (wanted.ends_with('/') || it->first == wanted) keys.push_back(it->first);
    }
  }
  return keys;
}

HostileNetwork::Entries HostileNetwork::honest(const fleet::Computer& place) const {
  Entries entries;
  for (const std::string& key : keys_of(place)) {
    if (const auto found = now_.find(key); found != now_.end()) entries.insert(*found);
  }
  return entries;
}

HostileNetwork::Entries HostileNetwork::faulty(const fleet::Computer& place, bool hostile,
                                               std::mt19937_64& random) const {
  Entries entries;
  for (const std::string& key : keys_of(place)) {
    const std::vector<std::string>& values = ever_.at(key);
    const auto found = now_.find(key);
    if (happens(4, random)) continue;
    std::string value =
        found == now_.end() || happens(8, random) ? values[below(values.size(), random)] : found->second;
    if (found == now_.end() && happens(80, random)) continue;
    if (hostile && happens(6, random)) value = bent(key, value, random);
    entries[key] = std::move(value);
  }
  return entries;
}

std::string HostileNetwork::bent(const std::string& key, const std::string& value, std::mt19937_64& random) const {
  switch (below(5, random)) {
    case 0: return forged(value);
    case 1: {  // another one's of the same kind: keys swapped between computers, manifests between scopes
      const std::string kind = key.substr(0, key.find('/', key.find('/') + 1) + 1);
      const auto first = ever_.lower_bound(kind);
      std::size_t count = 0;
      for (auto it = first; it != ever_.end() && it->first.starts_with(kind); ++it) ++count;
      const auto other = std::next(first, static_cast<std::ptrdiff_t>(below(count, random)));
      return other->second[below(other->second.size(), random)];
    }
    case 2: {
      std::string bits = value;
      if (!bits.empty()) bits[below(bits.size(), random)] ^= static_cast<char>(1 << below(8, random));
      return bits;
    }
    case 3: return value.substr(0, below(value.size() + 1, random));
    default: return "";
  }
}

}  // namespace certferry::simulation
