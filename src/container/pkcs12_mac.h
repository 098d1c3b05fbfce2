// The MAC of a PFX.
#pragma once

#include "container/contents.h"

namespace certferry::container {

// MacData, read before it is run.
struct Pkcs12Mac {
  bool pbmac1 = false;
  Hash kdf_hash = Hash::kSha1;  // PBMAC1: of the PRF
  Hash hash = Hash::kSha1;      // of the HMAC
  Bytes digest;
  Bytes salt;
  std::uint64_t iterations = 1;
  std::size_t key_size = 0;     // PBMAC1

  // `mac_data` is the whole MacData. CF1216 for an unknown algorithm, CF1217 where PBMAC1's parameters are not those of
  // RFC 9579 (a key shorter than 20 octets can be forged, CVE-2026-34181).
  [[nodiscard]] static Result<Pkcs12Mac> parse(ByteView mac_data);
  [[nodiscard]] x509::Mac explain() const;
  [[nodiscard]] Result<> charge(Budget& budget) const;
  // Whether the password is right for `content`.
  [[nodiscard]] bool verifies(ByteView content, const Passwords::Candidate& password, DerivedKeys& keys) const;
};

}  // namespace certferry::container
