// Decryption with the block and stream ciphers that certificate files use, old ones among them.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/secret.h"

namespace certferry::container {

enum class Cipher { kAesCbc, kDesCbc, kTripleDesCbc, kRc2Cbc, kRc4 };

// Octets of the initialization vector; 0 for RC4.
[[nodiscard]] std::size_t iv_size(Cipher cipher);

// CBC with the padding of PKCS#7 (RC4: none) taken off; nothing where sizes do not fit or the padding is wrong, as it is after a
// wrong password. Keys: AES 16, 24 or 32 octets; DES 8; 3DES 16 or 24; RC2 and RC4 any. `rc2_bits`: effective key bits.
[[nodiscard]] std::optional<Secret> decrypt(Cipher cipher, ByteView key, ByteView iv, ByteView ciphertext,
                                            int rc2_bits = 128);

}  // namespace certferry::container
