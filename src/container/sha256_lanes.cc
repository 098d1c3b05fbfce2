#include "container/sha256_lanes.h"

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <algorithm>

#include "base/secret.h"

#if defined(__x86_64__)
#if defined(__clang__)
#define _Bool bool  // the C library's header is in C, and of the C++ compilers g++ alone knows the word
#endif
#include <sys/platform/x86.h>
#undef _Bool
#include <immintrin.h>
#endif

namespace certferry::container {
namespace {

using Words = Sha256Chain::Words;

Words compress_portable(const Words& state, const Words& value, std::uint32_t bits) {
  std::array<std::uint8_t, 64> block{};
  for (std::size_t i = 0; i < 8; ++i) {
    for (std::size_t j = 0; j < 4; ++j) block[4 * i + j] = static_cast<std::uint8_t>(value[i] >> (24 - 8 * j));
  }
  block[32] = 0x80;
  block[62] = static_cast<std::uint8_t>(bits >> 8);
  block[63] = static_cast<std::uint8_t>(bits);
  SHA256_CTX context{};
  std::ranges::copy(state, context.h);
  SHA256_Transform(&context, block.data());
  Words result;
  std::ranges::copy(context.h, result.begin());
  wipe(block);
  wipe(std::span(reinterpret_cast<std::uint8_t*>(&context), sizeof context));
  return result;
}

#if defined(__x86_64__)
#define CERTFERRY_SHA __attribute__((target("sha,sse4.1"), always_inline)) inline

// FIPS 180-4 section 4.2.2.
alignas(16) constexpr std::array<std::uint32_t, 64> kConstants = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

// The instructions want a state as (A, B, E, F) and (C, D, G, H), highest word first.
struct State {
  __m128i abef;
  __m128i cdgh;
};

CERTFERRY_SHA __m128i load(const std::uint32_t* words) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(words));
}
// NOLINTNEXTLINE(portability-simd-intrinsics): g++ 12 has no std::simd, and the rounds are intrinsics anyway.
CERTFERRY_SHA __m128i add(__m128i a, __m128i b) { return _mm_add_epi32(a, b); }
CERTFERRY_SHA void store(std::uint32_t* words, __m128i value) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(words), value);
}

CERTFERRY_SHA State to_state(const Words& words) {
  const __m128i cdab = _mm_shuffle_epi32(load(words.data()), 0xb1);
  const __m128i efgh = _mm_shuffle_epi32(load(words.data() + 4), 0x1b);
  return {_mm_alignr_epi8(cdab, efgh, 8), _mm_blend_epi16(efgh, cdab, 0xf0)};
}

// A state as the first eight words of the next message.
CERTFERRY_SHA void to_message(const State& state, __m128i& first, __m128i& second) {
  const __m128i feba = _mm_shuffle_epi32(state.abef, 0x1b);
  const __m128i dchg = _mm_shuffle_epi32(state.cdgh, 0xb1);
  first = _mm_blend_epi16(feba, dchg, 0xf0);
  second = _mm_alignr_epi8(dchg, feba, 8);
}

// Four rounds of one lane, and the four words of the message that come sixteen words later.
template <int group>
CERTFERRY_SHA void four_rounds(State& state, __m128i (&message)[4]) {
  __m128i& words = message[group % 4];
  __m128i sum = add(words, load(kConstants.data() + 4 * group));
  state.cdgh = _mm_sha256rnds2_epu32(state.cdgh, state.abef, sum);
  sum = _mm_shuffle_epi32(sum, 0x0e);
  state.abef = _mm_sha256rnds2_epu32(state.abef, state.cdgh, sum);
  if constexpr (group < 12) {
    const __m128i last = message[(group + 3) % 4];
    const __m128i seven_back = _mm_alignr_epi8(last, message[(group + 2) % 4], 4);
    words = _mm_sha256msg2_epu32(add(_mm_sha256msg1_epu32(words, message[(group + 1) % 4]), seven_back), last);
  }
}

template <int lanes, int group>
CERTFERRY_SHA void all_rounds(State (&state)[lanes], __m128i (&message)[lanes][4]) {
  if constexpr (group < 16) {
    four_rounds<group>(state[0], message[0]);
    if constexpr (lanes == 2) four_rounds<group>(state[1], message[1]);
    all_rounds<lanes, group + 1>(state, message);
  }
}

// From message words 0 to 7 to those of the next compression.
template <int lanes>
CERTFERRY_SHA void compress(const State (&from)[lanes], __m128i (&first)[lanes], __m128i (&second)[lanes],
                            const __m128i (&length)[lanes]) {
  State state[lanes];
  __m128i message[lanes][4];
  for (int i = 0; i < lanes; ++i) {
    state[i] = from[i];
    message[i][0] = first[i];
    message[i][1] = second[i];
    message[i][2] = _mm_set_epi32(0, 0, 0, static_cast<int>(0x80000000u));
    message[i][3] = length[i];
  }
  all_rounds<lanes, 0>(state, message);
  for (int i = 0; i < lanes; ++i) {
    state[i].abef = add(state[i].abef, from[i].abef);
    state[i].cdgh = add(state[i].cdgh, from[i].cdgh);
    to_message(state[i], first[i], second[i]);
  }
}

template <int lanes>
__attribute__((target("sha,sse4.1"))) void run_lanes(Sha256Chain* const (&chains)[lanes], std::uint64_t steps) {
  State inner[lanes];
  State outer[lanes];
  __m128i first[lanes];
  __m128i second[lanes];
  __m128i length[lanes];
  __m128i sum_first[lanes];
  __m128i sum_second[lanes];
  for (int i = 0; i < lanes; ++i) {
    const Sha256Chain& chain = *chains[i];
    inner[i] = to_state(chain.inner);
    outer[i] = to_state(chain.outer);
    first[i] = load(chain.value.data());
    second[i] = load(chain.value.data() + 4);
    length[i] = _mm_set_epi32(static_cast<int>(chain.bits), 0, 0, 0);
    sum_first[i] = load(chain.sum.data());
    sum_second[i] = load(chain.sum.data() + 4);
  }
  for (std::uint64_t step = 0; step < steps; ++step) {
    compress<lanes>(inner, first, second, length);
    compress<lanes>(outer, first, second, length);
    for (int i = 0; i < lanes; ++i) {
      sum_first[i] = _mm_xor_si128(sum_first[i], first[i]);
      sum_second[i] = _mm_xor_si128(sum_second[i], second[i]);
    }
  }
  for (int i = 0; i < lanes; ++i) {
    Sha256Chain& chain = *chains[i];
    store(chain.value.data(), first[i]);
    store(chain.value.data() + 4, second[i]);
    store(chain.sum.data(), sum_first[i]);
    store(chain.sum.data() + 4, sum_second[i]);
  }
}
#undef CERTFERRY_SHA
#endif

}  // namespace

bool has_sha256_instructions() {
#if defined(__x86_64__)
  // As the C library found it when the program started: asking the processor again costs a trap on a virtual machine.
  static const bool has = CPU_FEATURE_PRESENT(SHA) && CPU_FEATURE_PRESENT(SSE4_1) && CPU_FEATURE_PRESENT(SSSE3);
  return has;
#else
  return false;
#endif
}

void run_one_portable(Sha256Chain& chain, std::uint64_t steps) {
  for (std::uint64_t step = 0; step < steps; ++step) {
    chain.value = compress_portable(chain.outer, compress_portable(chain.inner, chain.value, chain.bits), chain.bits);
    for (std::size_t i = 0; i < chain.sum.size(); ++i) chain.sum[i] ^= chain.value[i];
  }
}

void run_one(Sha256Chain& chain, std::uint64_t steps) {
#if defined(__x86_64__)
  if (has_sha256_instructions()) return run_lanes<1>({&chain}, steps);
#endif
  run_one_portable(chain, steps);
}

void run_pair(Sha256Chain& a, Sha256Chain& b, std::uint64_t steps) {
#if defined(__x86_64__)
  if (has_sha256_instructions()) return run_lanes<2>({&a, &b}, steps);
#endif
  run_one_portable(a, steps);
  run_one_portable(b, steps);
}

}  // namespace certferry::container
