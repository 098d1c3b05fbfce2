// A private key on its way to one computer, for one use.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "seal/own_key.h"
#include "x509/private_key.h"
#include "x509/public_key.h"

namespace certferry::seal {

// What a sealed key is bound to (HPKE's associated data): opened with any other, it does not open.
struct SealedPlace {
  std::string fleet;
  std::string computer;  // fqdn, lower case
  std::string type;
  std::string scope;     // Scope::key()
  std::uint64_t generation = 0;
  std::string sha256;    // of the certificate, lower-case hex
  bool exportable = false;
  bool operator==(const SealedPlace&) const = default;
};

// `recipient`: the computer's sealing key. JSON for the store: {"schema":1,"for":…,"enc":…,"ct":…}. CF2201; CF2207 where a
// name of the place is no UTF-8.
[[nodiscard]] Result<std::string> seal_key(const x509::PrivateKey& key, const x509::PublicKey& recipient,
                                           const SealedPlace& place);
// Whether it says that it was sealed to that key and place: then who seals need not do it again. Proves nothing.
[[nodiscard]] bool is_sealed_for(std::string_view json, const x509::PublicKey& recipient, const SealedPlace& place);
// CF2204 where it was sealed for another computer or place, or was changed; CF2205 where the key is not the one of
// `certificate`, the leaf's public key; CF2206 where `json` is none of ours.
[[nodiscard]] Result<x509::PrivateKey> open_key(std::string_view json, KeyRef own, const SealedPlace& place,
                                                const x509::PublicKey& certificate);

}  // namespace certferry::seal
