#include "x509/digest.h"

// The one-shot functions of 3.0 fetch the algorithm on each call (0.3 ms the first time); the low-level ones do not.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

namespace certferry::x509 {

std::array<std::uint8_t, 20> sha1(ByteView bytes) {
  std::array<std::uint8_t, 20> digest;
  SHA_CTX context;
  SHA1_Init(&context);
  SHA1_Update(&context, bytes.data(), bytes.size());
  SHA1_Final(digest.data(), &context);
  return digest;
}

std::array<std::uint8_t, 32> sha256(ByteView bytes) {
  std::array<std::uint8_t, 32> digest;
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, bytes.data(), bytes.size());
  SHA256_Final(digest.data(), &context);
  return digest;
}

}  // namespace certferry::x509
