// Bytes → what is in them: PFX, PEM, DER, PKCS#7, JKS, bare Base64. Told apart by content, never by name. Pure: no file,
// clock, network or configuration is touched.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "base/secret.h"
#include "x509/bundle.h"

namespace certferry::container {

// What a file may cost. Looked at before the work is done.
struct Limits {
  std::size_t octets = 1024 * 1024;
  std::size_t certificates = 256;
  std::size_t names = 1000;  // in one certificate
  std::size_t depth = 32;  // of nested ASN.1, safe contents and encodings
  std::uint64_t kdf_iterations = 10'000'000;  // summed over the file
  std::uint64_t scrypt_octets = 256ull << 20;

  // For files of trust anchors.
  [[nodiscard]] static Limits for_trust() {
    Limits limits;
    limits.octets = 16 * 1024 * 1024;
    limits.certificates = 10'000;
    return limits;
  }
};

// Borrows the passwords.
struct ReadOptions {
  const Secret* password = nullptr;  // UTF-8; null: none was given, then the empty one and none at all are tried
  const Secret* key_password = nullptr;  // where the private key has its own; null: the same
  Limits limits;
};

// Everything in the file, explained. Errors are kRejected or kUnsupported with the ids CF12xx of docs/messages/CF12.md;
// CF1204: the password is wrong, CF1205: the file needs one and none was given.
[[nodiscard]] Result<x509::CertificateFile> read(ByteView file, const ReadOptions& options);

}  // namespace certferry::container
