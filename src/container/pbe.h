// Password-based encryption as files name it: PBES1 and PBES2 (RFC 8018), the PKCS #12 schemes (RFC 7292 appendix C).
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "container/budget.h"
#include "container/cipher.h"
#include "container/derived_keys.h"
#include "container/kdf.h"
#include "x509/bundle.h"

namespace certferry::container {

// The passwords that may be meant, the likely one first. One entry where one was given; for none: the empty one, then
// the "null" one (no octets at all), which hashes differently in PKCS #12.
class Passwords {
 public:
  struct Candidate {
    Secret utf8;
    Secret bmp;  // as pkcs12_kdf takes it
  };
  explicit Passwords(const Secret* given);
  [[nodiscard]] bool given() const { return given_; }
  [[nodiscard]] const std::vector<Candidate>& candidates() const { return candidates_; }
  // Only this candidate is tried from now on: the MAC was right with it.
  void settle(std::size_t index);
  // CF1204 or CF1205, whichever it is.
  [[nodiscard]] std::unexpected<Error> wrong() const;

 private:
  bool given_ = false;
  std::vector<Candidate> candidates_;
};

// An AlgorithmIdentifier of a scheme, understood.
struct Scheme {
  enum class Kdf { kPkcs12, kPbkdf1, kPbkdf2, kScrypt };
  Kdf kdf = Kdf::kPbkdf2;
  Hash hash = Hash::kSha1;
  Bytes salt;
  std::uint64_t iterations = 1;  // scrypt: N
  std::uint64_t scrypt_r = 0;
  std::uint64_t scrypt_p = 0;
  Cipher cipher = Cipher::kAesCbc;
  std::size_t key_size = 0;
  std::size_t stated_key_size = 0;  // PBKDF2's keyLength where it differs from the cipher's: an old NSS wrote it so
  Bytes iv;                         // PBES2 only
  int rc2_bits = 128;

  // `whole` is the AlgorithmIdentifier. CF1211 (kUnsupported) for an unknown scheme, cipher, KDF or PRF, with its OID;
  // CF1208 where the parameters are malformed.
  [[nodiscard]] static Result<Scheme> parse(ByteView whole);
  // For x509::Protection.
  [[nodiscard]] x509::Encryption explain(std::string what) const;
  [[nodiscard]] Result<> charge(Budget& budget) const;
  // For PBKDF2 alone.
  [[nodiscard]] Derivation derivation(ByteView password, std::size_t size) const;
};

// The plaintext, a DER element as a rule; tries the candidates and the variants of old NSS. `is_right` tells whether it is what was expected: padding alone
// fits one wrong password in 256. The error of Passwords::wrong where none fits.
using IsRight = bool (*)(ByteView plain);
[[nodiscard]] Result<Secret> decrypt(const Scheme& scheme, ByteView ciphertext, const Passwords& passwords,
                                     IsRight is_right, Budget& budget, DerivedKeys& keys);

// The hash of an HMAC ("1.2.840.113549.2.9") or digest algorithm.
[[nodiscard]] std::optional<Hash> hmac_hash(x509::Oid oid);
[[nodiscard]] std::optional<Hash> digest_hash(x509::Oid oid);

// One INTEGER, positive and at most 2^53; nothing else.
[[nodiscard]] std::optional<std::uint64_t> small_integer(ByteView content);

}  // namespace certferry::container
