// Keys from passwords: PBKDF2 (RFC 8018 section 5.2), the PKCS #12 function (RFC 7292 appendix B.2), PBKDF1 and OpenSSL's
// for traditional PEM, scrypt (RFC 7914). No OpenSSL object is fetched: the first one costs more than a whole KDF.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/secret.h"

namespace certferry::container {

enum class Hash { kMd5, kSha1, kSha224, kSha256, kSha384, kSha512, kSha512_224, kSha512_256 };

[[nodiscard]] std::size_t digest_size(Hash hash);
// "SHA-256".
[[nodiscard]] std::string_view name_of(Hash hash);
// Of the parts one after the other; `out` has digest_size octets.
void digest(Hash hash, std::initializer_list<ByteView> parts, std::span<std::uint8_t> out);
// RFC 2104.
[[nodiscard]] Bytes hmac(Hash hash, ByteView key, ByteView message);

// `hash` is any but MD5. `iterations` and `size` are at least 1. Costs iterations times size over digest_size, rounded up.
[[nodiscard]] Secret pbkdf2(Hash hash, ByteView password, ByteView salt, std::uint64_t iterations, std::size_t size);

enum class Pkcs12Use : std::uint8_t { kKey = 1, kIv = 2, kMac = 3 };
// `password` is a BMPString with its two zero octets at the end, or nothing at all (the "null" password).
[[nodiscard]] Secret pkcs12_kdf(Hash hash, Pkcs12Use use, ByteView password, ByteView salt, std::uint64_t iterations,
                                std::size_t size);

// RFC 8018 section 5.1; at most digest_size octets.
[[nodiscard]] Secret pbkdf1(Hash hash, ByteView password, ByteView salt, std::uint64_t iterations, std::size_t size);

// EVP_BytesToKey with MD5 and one iteration: what "DEK-Info" in PEM means.
[[nodiscard]] Secret pem_key(ByteView password, ByteView salt, std::size_t size);

// Nothing where the parameters are not allowed by RFC 7914 or need more than `memory` octets.
[[nodiscard]] std::optional<Secret> scrypt(ByteView password, ByteView salt, std::uint64_t n, std::uint64_t r,
                                           std::uint64_t p, std::size_t size, std::uint64_t memory);

// A UTF-8 password as BMPString (UTF-16BE) with two zero octets at the end, as PKCS #12 hashes it; octets that are no
// UTF-8 are taken as Latin-1.
[[nodiscard]] Secret bmp_password(ByteView utf8);

}  // namespace certferry::container
