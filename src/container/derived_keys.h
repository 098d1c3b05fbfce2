// Keys derived from passwords, several at once where the processor gains by it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/secret.h"
#include "container/kdf.h"

namespace certferry::container {

// What a key is derived from; the arguments of pbkdf2() or pkcs12_kdf().
struct Derivation {
  enum class Function { kPbkdf2, kPkcs12Mac };
  Function function = Function::kPbkdf2;
  Hash hash = Hash::kSha256;
  Secret password;
  Bytes salt;
  std::uint64_t iterations = 1;
  std::size_t size = 0;

  [[nodiscard]] bool operator==(const Derivation&) const = default;
};

// In the same order.
[[nodiscard]] std::vector<Secret> derive(std::span<const Derivation> derivations);

// The keys of one file. A file needs three as a rule (MAC, certificates, private key), and what they are derived from can be
// read before the first is known: so they are planned, and all derived when the first is asked for.
class DerivedKeys {
 public:
  // A key that will probably be asked for. Not derived where planning it gains nothing.
  void plan(Derivation derivation);
  [[nodiscard]] Secret get(Derivation derivation);

 private:
  struct Known {
    Derivation derivation;
    Secret key;
  };
  std::vector<Derivation> planned_;
  std::vector<Known> known_;
};

}  // namespace certferry::container
