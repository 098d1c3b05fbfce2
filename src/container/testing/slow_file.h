// A file that takes as long to open as a test asks for. Not part of the program.
#pragma once

#include <cstdint>
#include <string>

namespace certferry::container::testing {

// An ENCRYPTED PRIVATE KEY in PEM by PBES2 (PBKDF2 with HMAC-SHA256, AES-256): no password opens it, and finding that out takes
// `iterations`.
[[nodiscard]] std::string slow_file(std::uint64_t iterations);
// The same by scrypt.
[[nodiscard]] std::string scrypt_file(std::uint64_t n, std::uint64_t r, std::uint64_t p);

}  // namespace certferry::container::testing
