// Hybrid public key encryption to one recipient: RFC 9180 in base mode, DHKEM(P-256, HKDF-SHA256) (kem 16),
// HKDF-SHA256 (kdf 1), AES-128-GCM or AES-256-GCM (aead 1, 2).
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "seal/own_key.h"

namespace certferry::seal {

enum class Aead : std::uint16_t { kAes128Gcm = 1, kAes256Gcm = 2 };

struct HpkeMessage {
  Bytes enc;         // the sender's ephemeral point, 65 octets
  Bytes ciphertext;  // 16 octets longer than what it hides
  bool operator==(const HpkeMessage&) const = default;
};

// What is derived for one message after another from one encapsulation (section 5.1.1). Used by one thread.
class HpkeContext {
 public:
  struct Sender;
  // `recipient`: a point (p256.h). CF2201.
  [[nodiscard]] static Result<Sender> sender(ByteView recipient, ByteView info, Aead aead);
  // With that ephemeral key, for test vectors: used twice it gives everything away.
  [[nodiscard]] static Result<Sender> sender_with(const Secret& ephemeral, ByteView recipient, ByteView info,
                                                  Aead aead);
  // `key`: the recipient's. CF2201, CF2202, CF2235.
  [[nodiscard]] static Result<HpkeContext> recipient(KeyRef key, ByteView enc, ByteView info, Aead aead);

  // The next message of the sequence.
  [[nodiscard]] Result<Bytes> seal(ByteView associated, ByteView plain);
  // CF2204 where key, info, associated data, place in the sequence or the message itself is another one; the place is kept then.
  [[nodiscard]] Result<Secret> open(ByteView associated, ByteView ciphertext);
  // Section 5.3. At most 8,160 octets.
  [[nodiscard]] Secret export_secret(ByteView context, std::size_t octets) const;

 private:
  HpkeContext(Aead aead, const Secret& shared, ByteView info);
  [[nodiscard]] Bytes nonce() const;

  Aead aead_;
  Secret key_;
  Secret base_nonce_;
  Secret exporter_;
  std::uint64_t sequence_ = 0;
};

struct HpkeContext::Sender {
  Bytes enc;
  HpkeContext context;
};

// One message (section 6.1). Errors as above.
[[nodiscard]] Result<HpkeMessage> hpke_seal(ByteView recipient, ByteView info, ByteView associated, ByteView plain,
                                            Aead aead = Aead::kAes256Gcm);
[[nodiscard]] Result<Secret> hpke_open(KeyRef key, const HpkeMessage& message, ByteView info, ByteView associated,
                                       Aead aead = Aead::kAes256Gcm);

}  // namespace certferry::seal
