#include "container/kdf.h"

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/evp.h>
#include <openssl/md5.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <memory>

namespace certferry::container {
namespace {

// One kind of compression function: its state, block and how a state becomes octets.
struct Md5 {
  using Context = MD5_CTX;
  static constexpr std::size_t kBlock = 64;
  static constexpr std::size_t kDigest = 16;
  static void init(Context& c) { MD5_Init(&c); }
  static void update(Context& c, ByteView bytes) { MD5_Update(&c, bytes.data(), bytes.size()); }
  static void final(Context& c, std::uint8_t* out) { MD5_Final(out, &c); }
};

template <typename Word>
void store_words(const Word* words, std::size_t size, std::uint8_t* out) {
  for (std::size_t i = 0; i < size / sizeof(Word); ++i) {
    Word big = words[i];
    if constexpr (std::endian::native == std::endian::little)
      big = sizeof(Word) == 4 ? static_cast<Word>(__builtin_bswap32(static_cast<std::uint32_t>(big)))
                              : static_cast<Word>(__builtin_bswap64(big));
    std::memcpy(out + i * sizeof(Word), &big, sizeof big);
  }
  if (const std::size_t rest = size % sizeof(Word)) {
    for (std::size_t i = 0; i < rest; ++i)
      out[size - rest + i] = static_cast<std::uint8_t>(words[size / sizeof(Word)] >> 8 * (sizeof(Word) - 1 - i));
  }
}

struct Sha1 {
  using Context = SHA_CTX;
  static constexpr std::size_t kBlock = 64;
  static constexpr std::size_t kDigest = 20;
  static void init(Context& c) { SHA1_Init(&c); }
  static void update(Context& c, ByteView bytes) { SHA1_Update(&c, bytes.data(), bytes.size()); }
  static void final(Context& c, std::uint8_t* out) { SHA1_Final(out, &c); }
  static void transform(Context& c, const std::uint8_t* block) { SHA1_Transform(&c, block); }
  static void store(const Context& c, std::uint8_t* out) {
    const std::array<std::uint32_t, 5> words = {c.h0, c.h1, c.h2, c.h3, c.h4};
    store_words(words.data(), kDigest, out);
  }
};

template <std::size_t digest_octets, int (*init_function)(SHA256_CTX*),
          int (*final_function)(unsigned char*, SHA256_CTX*)>
struct Sha2Small {
  using Context = SHA256_CTX;
  static constexpr std::size_t kBlock = 64;
  static constexpr std::size_t kDigest = digest_octets;
  static void init(Context& c) { init_function(&c); }
  static void update(Context& c, ByteView bytes) { SHA256_Update(&c, bytes.data(), bytes.size()); }
  static void final(Context& c, std::uint8_t* out) { final_function(out, &c); }
  static void transform(Context& c, const std::uint8_t* block) { SHA256_Transform(&c, block); }
  static void store(const Context& c, std::uint8_t* out) { store_words<std::uint32_t>(c.h, kDigest, out); }
};
using Sha224 = Sha2Small<28, SHA224_Init, SHA224_Final>;
using Sha256 = Sha2Small<32, SHA256_Init, SHA256_Final>;

// FIPS 180-4 section 5.3.6: the initial value is a SHA-512 of the name with every octet of its own initial value
// flipped by a5.
void init_truncated(SHA512_CTX& c, std::string_view name) {
  SHA512_CTX generator;
  SHA512_Init(&generator);
  for (auto& word : generator.h) word ^= 0xa5a5a5a5a5a5a5a5u;
  std::array<std::uint8_t, 64> octets;
  SHA512_Update(&generator, name.data(), name.size());
  SHA512_Final(octets.data(), &generator);
  SHA512_Init(&c);
  for (std::size_t i = 0; i < 8; ++i) {
    c.h[i] = 0;
    for (std::size_t j = 0; j < 8; ++j) c.h[i] = c.h[i] << 8 | octets[8 * i + j];
  }
}
int init_512_224(SHA512_CTX* c) {
  init_truncated(*c, "SHA-512/224");
  return 1;
}
int init_512_256(SHA512_CTX* c) {
  init_truncated(*c, "SHA-512/256");
  return 1;
}

template <std::size_t digest_octets, int (*init_function)(SHA512_CTX*)>
struct Sha2Large {
  using Context = SHA512_CTX;
  static constexpr std::size_t kBlock = 128;
  static constexpr std::size_t kDigest = digest_octets;
  static void init(Context& c) { init_function(&c); }
  static void update(Context& c, ByteView bytes) { SHA512_Update(&c, bytes.data(), bytes.size()); }
  static void final(Context& c, std::uint8_t* out) {
    std::array<std::uint8_t, 64> whole;
    c.md_len = 64;
    SHA512_Final(whole.data(), &c);
    std::copy_n(whole.begin(), kDigest, out);
  }
  static void transform(Context& c, const std::uint8_t* block) { SHA512_Transform(&c, block); }
  static void store(const Context& c, std::uint8_t* out) {
    std::array<std::uint64_t, 8> words;
    std::copy(std::begin(c.h), std::end(c.h), words.begin());
    store_words(words.data(), kDigest, out);
  }
};
using Sha384 = Sha2Large<48, SHA384_Init>;
using Sha512 = Sha2Large<64, SHA512_Init>;
using Sha512Short224 = Sha2Large<28, init_512_224>;
using Sha512Short256 = Sha2Large<32, init_512_256>;

template <typename Visitor>
auto with_hash(Hash hash, Visitor visitor) {
  switch (hash) {
    case Hash::kMd5: return visitor.template operator()<Md5>();
    case Hash::kSha1: return visitor.template operator()<Sha1>();
    case Hash::kSha224: return visitor.template operator()<Sha224>();
    case Hash::kSha256: return visitor.template operator()<Sha256>();
    case Hash::kSha384: return visitor.template operator()<Sha384>();
    case Hash::kSha512: return visitor.template operator()<Sha512>();
    case Hash::kSha512_224: return visitor.template operator()<Sha512Short224>();
    case Hash::kSha512_256: return visitor.template operator()<Sha512Short256>();
  }
  return visitor.template operator()<Sha256>();
}

template <typename H>
void wipe_context(typename H::Context& context) {
  wipe(std::span(reinterpret_cast<std::uint8_t*>(&context), sizeof context));
}

// The two halves of HMAC after the padded key, so that each further block costs one compression.
template <typename H>
struct HmacStates {
  typename H::Context inner;
  typename H::Context outer;

  explicit HmacStates(ByteView key) {
    std::array<std::uint8_t, H::kBlock> pad{};
    if (key.size() > H::kBlock) {
      H::init(inner);
      H::update(inner, key);
      H::final(inner, pad.data());
    } else {
      std::copy(key.begin(), key.end(), pad.begin());
    }
    for (auto& octet : pad) octet ^= 0x36;
    H::init(inner);
    H::update(inner, pad);
    for (auto& octet : pad) octet ^= 0x36 ^ 0x5c;
    H::init(outer);
    H::update(outer, pad);
    wipe(pad);
  }
  ~HmacStates() {
    wipe_context<H>(inner);
    wipe_context<H>(outer);
  }
  void run(std::initializer_list<ByteView> parts, std::uint8_t* out) const {
    typename H::Context context = inner;
    for (ByteView part : parts) H::update(context, part);
    H::final(context, out);
    context = outer;
    H::update(context, ByteView(out, H::kDigest));
    H::final(context, out);
    wipe_context<H>(context);
  }
};

// A digest, padded to the one block that follows `before` octets.
template <typename H>
std::array<std::uint8_t, H::kBlock> padded_block(std::size_t before) {
  std::array<std::uint8_t, H::kBlock> block{};
  block[H::kDigest] = 0x80;
  const std::size_t bits = 8 * (before + H::kDigest);
  block[H::kBlock - 2] = static_cast<std::uint8_t>(bits >> 8);
  block[H::kBlock - 1] = static_cast<std::uint8_t>(bits);
  return block;
}

// digest = H(digest), so many times.
template <typename H>
void rehash(std::array<std::uint8_t, H::kDigest>& value, std::uint64_t times) {
  if constexpr (std::is_same_v<H, Md5>) {
    for (; times > 0; --times) digest(Hash::kMd5, {ByteView(value)}, value);
  } else {
    auto block = padded_block<H>(0);
    std::ranges::copy(value, block.begin());
    typename H::Context start;
    H::init(start);
    typename H::Context context = start;
    for (; times > 0; --times) {
      std::memcpy(&context, &start, sizeof context);
      H::transform(context, block.data());
      H::store(context, block.data());
    }
    std::copy_n(block.begin(), H::kDigest, value.begin());
    wipe(block);
    wipe_context<H>(context);
  }
}

template <typename H>
void pbkdf2_block(const HmacStates<H>& states, ByteView salt, std::uint32_t index, std::uint64_t iterations,
                  std::uint8_t* out) {
  const std::array<std::uint8_t, 4> number = {static_cast<std::uint8_t>(index >> 24),
                                              static_cast<std::uint8_t>(index >> 16),
                                              static_cast<std::uint8_t>(index >> 8), static_cast<std::uint8_t>(index)};
  auto block = padded_block<H>(H::kBlock);
  states.run({salt, number}, block.data());
  std::copy_n(block.begin(), H::kDigest, out);
  typename H::Context context = states.inner;
  for (std::uint64_t i = 1; i < iterations; ++i) {
    std::memcpy(&context, &states.inner, sizeof context);
    H::transform(context, block.data());
    H::store(context, block.data());
    std::memcpy(&context, &states.outer, sizeof context);
    H::transform(context, block.data());
    H::store(context, block.data());
    for (std::size_t j = 0; j < H::kDigest; ++j) out[j] ^= block[j];
  }
  wipe(block);
  wipe_context<H>(context);
}

}  // namespace

std::size_t digest_size(Hash hash) {
  return with_hash(hash, []<typename H>() { return H::kDigest; });
}

std::string_view name_of(Hash hash) {
  switch (hash) {
    case Hash::kMd5: return "MD5";
    case Hash::kSha1: return "SHA-1";
    case Hash::kSha224: return "SHA-224";
    case Hash::kSha256: return "SHA-256";
    case Hash::kSha384: return "SHA-384";
    case Hash::kSha512: return "SHA-512";
    case Hash::kSha512_224: return "SHA-512/224";
    case Hash::kSha512_256: return "SHA-512/256";
  }
  return "SHA-256";
}

void digest(Hash hash, std::initializer_list<ByteView> parts, std::span<std::uint8_t> out) {
  with_hash(hash, [&]<typename H>() {
    typename H::Context context;
    H::init(context);
    for (ByteView part : parts) H::update(context, part);
    H::final(context, out.data());
    wipe_context<H>(context);
    return 0;
  });
}

Bytes hmac(Hash hash, ByteView key, ByteView message) {
  return with_hash(hash, [&]<typename H>() {
    Bytes out(H::kDigest);
    HmacStates<H>(key).run({message}, out.data());
    return out;
  });
}

Secret pbkdf2(Hash hash, ByteView password, ByteView salt, std::uint64_t iterations, std::size_t size) {
  return with_hash(hash, [&]<typename H>() {
    if constexpr (std::is_same_v<H, Md5>) {
      return Secret();
    } else {
      const HmacStates<H> states(password);
      Bytes out((size + H::kDigest - 1) / H::kDigest * H::kDigest);
      for (std::size_t i = 0; i * H::kDigest < size; ++i) {
        pbkdf2_block(states, salt, static_cast<std::uint32_t>(i + 1), iterations, out.data() + i * H::kDigest);
      }
      Secret key(ByteView(out).first(size));
      wipe(out);
      return key;
    }
  });
}

Secret pkcs12_kdf(Hash hash, Pkcs12Use use, ByteView password, ByteView salt, std::uint64_t iterations,
                  std::size_t size) {
  return with_hash(hash, [&]<typename H>() {
    constexpr std::size_t v = H::kBlock;
    const auto repeated = [](Bytes& out, ByteView part) {
      const std::size_t length = (part.size() + v - 1) / v * v;
      for (std::size_t i = 0; i < length; ++i) out.push_back(part[i % part.size()]);
    };
    const Bytes diversifier(v, static_cast<std::uint8_t>(use));
    Bytes input;
    input.reserve(salt.size() + password.size() + 2 * v);
    repeated(input, salt);
    repeated(input, password);
    Bytes out;
    out.reserve(size + H::kDigest);
    std::array<std::uint8_t, H::kDigest> a{};
    while (out.size() < size) {
      digest(hash, {diversifier, input}, a);
      rehash<H>(a, iterations - 1);
      out.insert(out.end(), a.begin(), a.end());
      // Each v-octet piece of the input grows by the repeated digest plus one, modulo 2^(8v).
      for (std::size_t piece = 0; piece < input.size(); piece += v) {
        unsigned carry = 1;
        for (std::size_t j = v; j-- > 0;) {
          carry += unsigned{input[piece + j]} + a[j % H::kDigest];
          input[piece + j] = static_cast<std::uint8_t>(carry);
          carry >>= 8;
        }
      }
    }
    Secret key(ByteView(out).first(size));
    wipe(out);
    wipe(input);
    wipe(a);
    return key;
  });
}

Secret pbkdf1(Hash hash, ByteView password, ByteView salt, std::uint64_t iterations, std::size_t size) {
  Bytes out(digest_size(hash));
  digest(hash, {password, salt}, out);
  for (std::uint64_t i = 1; i < iterations; ++i) digest(hash, {out}, out);
  Secret key(ByteView(out).first(std::min(size, out.size())));
  wipe(out);
  return key;
}

Secret pem_key(ByteView password, ByteView salt, std::size_t size) {
  Bytes out;
  out.reserve(size + MD5_DIGEST_LENGTH);
  std::array<std::uint8_t, MD5_DIGEST_LENGTH> round{};
  while (out.size() < size) {
    digest(Hash::kMd5, {out.empty() ? ByteView() : ByteView(round), password, salt}, round);
    out.insert(out.end(), round.begin(), round.end());
  }
  Secret key(ByteView(out).first(size));
  wipe(out);
  wipe(round);
  return key;
}

namespace {

// OpenSSL says of too little memory what it says of anything else, and that would be a wrong password. Asked for like this,
// its lack ends a confined process as every lack of memory does; given back at once, it costs nothing.
void ask_for_memory(std::size_t size) {
  const auto room = std::make_unique_for_overwrite<std::uint8_t[]>(size);
  *static_cast<volatile std::uint8_t*>(room.get()) = 0;  // else the compiler leaves it out
}

}  // namespace

std::optional<Secret> scrypt(ByteView password, ByteView salt, std::uint64_t n, std::uint64_t r, std::uint64_t p,
                             std::size_t size, std::uint64_t memory) {
  Bytes out(size);
  ask_for_memory(128 * r * (n + p + 2));
  // OpenSSL counts 32 blocks of r beside the 128 n r octets of the table.
  if (EVP_PBE_scrypt(reinterpret_cast<const char*>(password.data()), password.size(), salt.data(), salt.size(), n, r, p,
                     memory + (1 << 20), out.data(), out.size()) != 1) {
    return std::nullopt;
  }
  return Secret(std::move(out));
}

Secret bmp_password(ByteView utf8) {
  Bytes out;
  out.reserve(2 * utf8.size() + 2);
  const auto unit = [&](std::uint32_t code) {
    out.push_back(static_cast<std::uint8_t>(code >> 8));
    out.push_back(static_cast<std::uint8_t>(code));
  };
  const auto decode = [&]() {
    for (std::size_t i = 0; i < utf8.size();) {
      const std::uint8_t lead = utf8[i];
      const std::size_t length = lead < 0x80                   ? 1
                                 : lead >= 0xc2 && lead < 0xe0 ? 2
                                 : lead >= 0xe0 && lead < 0xf0 ? 3
                                 : lead >= 0xf0 && lead < 0xf5 ? 4
                                                               : 0;
      if (length == 0 || i + length > utf8.size()) return false;
      std::uint32_t code = length == 1 ? lead : lead & (0x7fu >> length);
      for (std::size_t j = 1; j < length; ++j) {
        if ((utf8[i + j] & 0xc0) != 0x80) return false;
        code = code << 6 | (utf8[i + j] & 0x3f);
      }
      if (code >= 0x10000) {
        unit(0xd800 + ((code - 0x10000) >> 10));
        unit(0xdc00 + ((code - 0x10000) & 0x3ff));
      } else {
        unit(code);
      }
      i += length;
    }
    return true;
  };
  if (!decode()) {
    wipe(out);
    out.clear();
    for (std::uint8_t octet : utf8) unit(octet);
  }
  unit(0);
  return Secret(std::move(out));
}

}  // namespace certferry::container
