#include "container/cipher.h"

// The low-level functions need neither a provider nor a fetch: RC2, RC4 and DES are in libcrypto itself.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/aes.h>
#include <openssl/des.h>
#include <openssl/rc2.h>
#include <openssl/rc4.h>

#include <algorithm>
#include <array>

namespace certferry::container {
namespace {

std::size_t block_size(Cipher cipher) { return cipher == Cipher::kAesCbc ? 16 : cipher == Cipher::kRc4 ? 1 : 8; }

template <typename Schedule>
void wipe_schedule(Schedule& schedule) {
  wipe(std::span(reinterpret_cast<std::uint8_t*>(&schedule), sizeof schedule));
}

bool aes(ByteView key, std::uint8_t* iv, ByteView in, std::uint8_t* out) {
  if (key.size() != 16 && key.size() != 24 && key.size() != 32) return false;
  AES_KEY schedule;
  AES_set_decrypt_key(key.data(), static_cast<int>(8 * key.size()), &schedule);
  AES_cbc_encrypt(in.data(), out, in.size(), &schedule, iv, AES_DECRYPT);
  wipe_schedule(schedule);
  return true;
}

bool des(ByteView key, std::uint8_t* iv, ByteView in, std::uint8_t* out) {
  if (key.size() != 8 && key.size() != 16 && key.size() != 24) return false;
  std::array<DES_key_schedule, 3> schedules;
  for (std::size_t i = 0; i < 3; ++i) {
    // Two keys of 3DES are K1, K2, K1; one is DES.
    const std::size_t offset = 8 * i < key.size() ? 8 * i : 0;
    DES_cblock block;
    std::copy_n(key.begin() + static_cast<std::ptrdiff_t>(offset), 8, block);
    DES_set_key_unchecked(&block, &schedules[i]);
    wipe_schedule(block);
  }
  auto* vector = reinterpret_cast<DES_cblock*>(iv);
  if (key.size() == 8) {
    DES_ncbc_encrypt(in.data(), out, static_cast<long>(in.size()), schedules.data(), vector, DES_DECRYPT);
  } else {
    DES_ede3_cbc_encrypt(in.data(), out, static_cast<long>(in.size()), &schedules[0], &schedules[1], &schedules[2],
                         vector, DES_DECRYPT);
  }
  wipe_schedule(schedules);
  return true;
}

bool rc2(ByteView key, int bits, std::uint8_t* iv, ByteView in, std::uint8_t* out) {
  if (key.empty() || key.size() > 128) return false;
  RC2_KEY schedule;
  RC2_set_key(&schedule, static_cast<int>(key.size()), key.data(), bits);
  RC2_cbc_encrypt(in.data(), out, static_cast<long>(in.size()), &schedule, iv, RC2_DECRYPT);
  wipe_schedule(schedule);
  return true;
}

bool rc4(ByteView key, ByteView in, std::uint8_t* out) {
  if (key.empty() || key.size() > 256) return false;
  RC4_KEY schedule;
  RC4_set_key(&schedule, static_cast<int>(key.size()), key.data());
  RC4(&schedule, in.size(), in.data(), out);
  wipe_schedule(schedule);
  return true;
}

// The size without padding; nothing where it is none.
std::optional<std::size_t> unpadded_size(ByteView plain, std::size_t block) {
  const std::size_t pad = plain.back();
  if (pad == 0 || pad > block || pad > plain.size()) return std::nullopt;
  if (!std::ranges::all_of(plain.last(pad), [&](std::uint8_t octet) { return octet == pad; })) return std::nullopt;
  return plain.size() - pad;
}

}  // namespace

std::size_t iv_size(Cipher cipher) { return cipher == Cipher::kRc4 ? 0 : block_size(cipher); }

std::optional<Secret> decrypt(Cipher cipher, ByteView key, ByteView iv, ByteView ciphertext, int rc2_bits) {
  const std::size_t block = block_size(cipher);
  if (ciphertext.empty() || ciphertext.size() % block != 0 || iv.size() != iv_size(cipher)) return std::nullopt;
  std::array<std::uint8_t, 16> vector{};
  std::copy(iv.begin(), iv.end(), vector.begin());
  Bytes plain(ciphertext.size());
  bool done = false;
  switch (cipher) {
    case Cipher::kAesCbc: done = aes(key, vector.data(), ciphertext, plain.data()); break;
    case Cipher::kDesCbc:
    case Cipher::kTripleDesCbc: done = des(key, vector.data(), ciphertext, plain.data()); break;
    case Cipher::kRc2Cbc: done = rc2(key, rc2_bits, vector.data(), ciphertext, plain.data()); break;
    case Cipher::kRc4: done = rc4(key, ciphertext, plain.data()); break;
  }
  std::optional<std::size_t> size;
  if (done) size = cipher == Cipher::kRc4 ? plain.size() : unpadded_size(plain, block);
  std::optional<Secret> result;
  if (size) result.emplace(ByteView(plain).first(*size));
  wipe(plain);
  return result;
}

}  // namespace certferry::container
