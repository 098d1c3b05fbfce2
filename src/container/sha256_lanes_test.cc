#include "container/sha256_lanes.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "container/kdf.h"

namespace certferry::container {
namespace {

using Words = Sha256Chain::Words;

constexpr Words kStart = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                          0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

Bytes octets_of(const Words& words) {
  Bytes octets;
  for (const std::uint32_t word : words) {
    for (int shift = 24; shift >= 0; shift -= 8) octets.push_back(static_cast<std::uint8_t>(word >> shift));
  }
  return octets;
}

TEST(Sha256Chain, HashesADigestTwiceInAStep) {
  const Words value = {1, 2, 3, 4, 5, 6, 7, 8};
  Bytes expected = octets_of(value);
  for (int i = 0; i < 6; ++i) digest(Hash::kSha256, {Bytes(expected)}, expected);
  Sha256Chain chain{kStart, kStart, value, {}, 256};
  run_one(chain, 3);
  EXPECT_EQ(octets_of(chain.value), expected);
}

bool same(const Sha256Chain& a, const Sha256Chain& b) {
  return a.value == b.value && a.sum == b.sum && a.inner == b.inner && a.outer == b.outer;
}

TEST(Sha256Chain, IsTheSameAloneInPairsAndWithoutTheExtensions) {
  EXPECT_TRUE(rc::check([](const Words& inner, const Words& outer, const Words& value, const Words& sum) {
    const auto steps = *rc::gen::inRange<std::uint64_t>(0, 20);
    const Sha256Chain a{inner, outer, value, sum, *rc::gen::element(256u, 768u)};
    const Sha256Chain b{outer, inner, sum, value, *rc::gen::element(256u, 768u)};
    Sha256Chain portable_a = a;
    Sha256Chain portable_b = b;
    run_one_portable(portable_a, steps);
    run_one_portable(portable_b, steps);
    Sha256Chain alone = a;
    run_one(alone, steps);
    RC_ASSERT(same(alone, portable_a));
    Sha256Chain left = a;
    Sha256Chain right = b;
    run_pair(left, right, steps);
    RC_ASSERT(same(left, portable_a));
    RC_ASSERT(same(right, portable_b));
  }));
}

}  // namespace
}  // namespace certferry::container
