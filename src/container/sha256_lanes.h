// Chains of SHA-256 compressions, as PBKDF2 and the PKCS #12 function are made of them, by the SHA extensions of x86 where the
// processor has them. Those wait for themselves half of the time: two chains side by side take as long as one.
#pragma once

#include <array>
#include <cstdint>

namespace certferry::container {

// One step: value = compress(outer, pad(compress(inner, pad(value)))), then sum ^= value.
struct Sha256Chain {
  using Words = std::array<std::uint32_t, 8>;
  Words inner;  // a state after whole blocks
  Words outer;
  Words value;
  Words sum{};
  std::uint32_t bits = 0;  // that are hashed in all: those before the state, and the 256 of the value
};

[[nodiscard]] bool has_sha256_instructions();

// Both that many steps.
void run_pair(Sha256Chain& a, Sha256Chain& b, std::uint64_t steps);
void run_one(Sha256Chain& chain, std::uint64_t steps);

// As run_one() without the extensions.
void run_one_portable(Sha256Chain& chain, std::uint64_t steps);

}  // namespace certferry::container
