#include "container/derived_keys.h"

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <algorithm>
#include <array>

#include "container/sha256_lanes.h"

namespace certferry::container {
namespace {

constexpr std::size_t kDigest = 32;
constexpr std::size_t kBlock = 64;
// What a wrong password may cost beyond its MAC.
constexpr std::uint64_t kMostPlanned = 3'000'000;

void wipe_chain(Sha256Chain& chain) { wipe(std::span(reinterpret_cast<std::uint8_t*>(&chain), sizeof chain)); }

Sha256Chain::Words words_of(ByteView octets) {
  Sha256Chain::Words words;
  for (std::size_t i = 0; i < words.size(); ++i) {
    words[i] = 0;
    for (std::size_t j = 0; j < 4; ++j) words[i] = words[i] << 8 | octets[4 * i + j];
  }
  return words;
}

// The state after one block of the key, which HMAC flips with `pad`.
Sha256Chain::Words hmac_state(ByteView key, std::uint8_t pad) {
  std::array<std::uint8_t, kBlock> block{};
  if (key.size() > kBlock) {
    digest(Hash::kSha256, {key}, block);
  } else {
    std::ranges::copy(key, block.begin());
  }
  for (auto& octet : block) octet ^= pad;
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Transform(&context, block.data());
  Sha256Chain::Words state;
  std::ranges::copy(context.h, state.begin());
  wipe(block);
  wipe(std::span(reinterpret_cast<std::uint8_t*>(&context), sizeof context));
  return state;
}

// Part of a derivation: one block of output.
struct Run {
  Sha256Chain chain;
  std::uint64_t steps = 0;
  bool odd = false;  // PKCS #12: one hash is left after steps of two
};

Run pbkdf2_run(const Derivation& what, std::uint32_t index) {
  Bytes message = what.salt;
  for (int shift = 24; shift >= 0; shift -= 8) message.push_back(static_cast<std::uint8_t>(index >> shift));
  Bytes first = hmac(Hash::kSha256, what.password.view(), message);
  const auto value = words_of(first);
  wipe(first);
  constexpr std::uint32_t kBits = 8 * (kBlock + kDigest);
  return {{hmac_state(what.password.view(), 0x36), hmac_state(what.password.view(), 0x5c), value, value, kBits},
          what.iterations - 1,
          false};
}

Run pkcs12_run(const Derivation& what) {
  const Secret first = pkcs12_kdf(Hash::kSha256, Pkcs12Use::kMac, what.password.view(), what.salt, 1, kDigest);
  SHA256_CTX context;
  SHA256_Init(&context);
  Sha256Chain::Words start;
  std::ranges::copy(context.h, start.begin());
  return {{start, start, words_of(first.view()), {}, 8 * kDigest}, (what.iterations - 1) / 2, what.iterations % 2 == 0};
}

// Two at a time, the longest first, in small portions: so the last one is not left to run alone.
void run_all(std::vector<Run>& runs) {
  struct Rest {
    Sha256Chain* chain;
    std::uint64_t steps;
  };
  std::vector<Rest> rest;
  std::uint64_t total = 0;
  for (Run& run : runs) {
    rest.push_back({&run.chain, run.steps});
    total += run.steps;
  }
  const std::uint64_t portion = std::max<std::uint64_t>(total / 32, 64);
  while (true) {
    std::ranges::sort(rest, std::greater(), &Rest::steps);
    while (!rest.empty() && rest.back().steps == 0) rest.pop_back();
    if (rest.empty()) return;
    if (rest.size() == 1) return run_one(*rest[0].chain, rest[0].steps);
    const std::uint64_t steps = std::min(portion, rest[1].steps);
    run_pair(*rest[0].chain, *rest[1].chain, steps);
    rest[0].steps -= steps;
    rest[1].steps -= steps;
  }
}

Bytes octets_of(const Sha256Chain::Words& words) {
  Bytes octets;
  octets.reserve(kDigest);
  for (const std::uint32_t word : words) {
    for (int shift = 24; shift >= 0; shift -= 8) octets.push_back(static_cast<std::uint8_t>(word >> shift));
  }
  return octets;
}

Bytes output(const Derivation& what, const Run& run) {
  if (what.function == Derivation::Function::kPbkdf2) return octets_of(run.chain.sum);
  Bytes octets = octets_of(run.chain.value);
  if (run.odd) {
    Bytes next(kDigest);
    digest(Hash::kSha256, {octets}, next);
    octets.swap(next);
    wipe(next);
  }
  return octets;
}

bool has_lanes(const Derivation& what) {
  return what.hash == Hash::kSha256 && has_sha256_instructions() &&
         (what.function == Derivation::Function::kPbkdf2 || what.size <= kDigest);
}

Secret derive_plainly(const Derivation& what) {
  if (what.function == Derivation::Function::kPbkdf2)
    return pbkdf2(what.hash, what.password.view(), what.salt, what.iterations, what.size);
  return pkcs12_kdf(what.hash, Pkcs12Use::kMac, what.password.view(), what.salt, what.iterations, what.size);
}

std::size_t blocks(const Derivation& what) { return (what.size + kDigest - 1) / kDigest; }

}  // namespace

std::vector<Secret> derive(std::span<const Derivation> derivations) {
  std::vector<Run> runs;
  std::size_t count = 0;
  for (const Derivation& what : derivations) count += has_lanes(what) ? blocks(what) : 0;
  runs.reserve(count);  // in one piece, so that no copy of a state is left behind
  for (const Derivation& what : derivations) {
    if (!has_lanes(what)) continue;
    for (std::size_t i = 0; i < blocks(what); ++i) {
      runs.push_back(what.function == Derivation::Function::kPbkdf2
                         ? pbkdf2_run(what, static_cast<std::uint32_t>(i + 1))
                         : pkcs12_run(what));
    }
  }
  run_all(runs);
  std::vector<Secret> keys;
  auto run = runs.begin();
  for (const Derivation& what : derivations) {
    if (!has_lanes(what)) {
      keys.push_back(derive_plainly(what));
      continue;
    }
    Bytes key;
    key.reserve(blocks(what) * kDigest);
    for (std::size_t i = 0; i < blocks(what); ++i, ++run) {
      Bytes part = output(what, *run);
      key.insert(key.end(), part.begin(), part.end());
      wipe(part);
      wipe_chain(run->chain);
    }
    keys.emplace_back(ByteView(key).first(what.size));
    wipe(key);
  }
  return keys;
}

void DerivedKeys::plan(Derivation derivation) {
  if (!has_lanes(derivation)) return;
  std::uint64_t sum = derivation.iterations * blocks(derivation);
  for (const Derivation& other : planned_) sum += other.iterations * blocks(other);
  if (sum <= kMostPlanned) planned_.push_back(std::move(derivation));
}

Secret DerivedKeys::get(Derivation derivation) {
  const auto known = [&] { return std::ranges::find(known_, derivation, &Known::derivation); };
  if (const auto found = known(); found != known_.end()) return found->key.clone();
  std::vector<Derivation> wanted = std::move(planned_);
  planned_.clear();
  std::erase(wanted, derivation);
  wanted.push_back(std::move(derivation));
  std::vector<Secret> keys = derive(wanted);
  Secret key = keys.back().clone();
  for (std::size_t i = 0; i < wanted.size(); ++i) known_.push_back({std::move(wanted[i]), std::move(keys[i])});
  return key;
}

}  // namespace certferry::container
