// Private keys of the fleet as files: PKCS #8 in PEM (RFC 7468), as they are or under a passphrase.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "x509/private_key.h"

namespace certferry::seal {

inline constexpr int kKeyFileIterations = 600'000;       // of PBKDF2
inline constexpr int kMostKeyFileIterations = 5'000'000;  // a file that wants more is not read: it would only cost time

// "-----BEGIN ENCRYPTED PRIVATE KEY-----": PBES2 with PBKDF2-HMAC-SHA256 and AES-256-CBC (RFC 8018), which OpenSSL's tools
// read too. CF2231 (kUsage) where the passphrase is empty, CF2203.
[[nodiscard]] Result<Secret> encrypted_pem(const x509::PrivateKey& key, const Secret& passphrase);

// Whether a passphrase is needed, so that nobody is asked for one in vain.
[[nodiscard]] bool is_encrypted(std::string_view pem);

// Reads that, or "-----BEGIN PRIVATE KEY-----" (x509::PrivateKey::pem()), where the passphrase is not looked at. CF2232
// where it is none of the two, CF2233 where the passphrase is wrong, CF2202 where it is no key of P-256.
[[nodiscard]] Result<x509::PrivateKey> key_from_pem(std::string_view pem, const Secret& passphrase);

}  // namespace certferry::seal
