// Signed envelopes: DSSE 1.0 (secure-systems-lab/dsse, protocol.md and envelope.md) with ECDSA P-256.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "seal/own_key.h"

namespace certferry::seal {

struct Envelope {
  struct Signature {
    std::string key_id;  // seal/keys.h; a hint only
    Bytes signature;
    bool operator==(const Signature&) const = default;
  };
  std::string payload_type;  // "application/vnd.certferry.manifest+json"
  std::string payload;
  std::vector<Signature> signatures;
  bool operator==(const Envelope&) const = default;
};

inline constexpr std::size_t kMaxEnvelope = 1024 * 1024;  // octets of JSON
inline constexpr std::size_t kMaxSignatures = 8;

[[nodiscard]] std::string payload_type(std::string_view kind);
// PAE of the protocol: what is signed.
[[nodiscard]] Bytes pre_authentication(std::string_view payload_type, std::string_view payload);

[[nodiscard]] Result<Envelope> sign_statement(std::string_view kind, std::string payload, KeyRef key);
// Whether one of the signatures is that key's.
[[nodiscard]] bool is_signed_by(const Envelope& envelope, const x509::PublicKey& key);

[[nodiscard]] std::string to_json(const Envelope& envelope);
// CF2210 where it is no envelope, or beyond the limits.
[[nodiscard]] Result<Envelope> envelope_from_json(std::string_view json);

}  // namespace certferry::seal
