#include "seal/hpke.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <memory>

#include "seal/key_error.h"
#include "seal/keys.h"
#include "seal/p256.h"

namespace certferry::seal {
namespace {

constexpr std::size_t kHash = 32;  // Nh and Nsecret
constexpr std::size_t kNonce = 12, kTag = 16;
constexpr std::uint8_t kKemSuite[] = {'K', 'E', 'M', 0, 16};
constexpr std::uint8_t kBaseMode = 0;

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherPtr = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

std::size_t key_octets(Aead aead) { return aead == Aead::kAes128Gcm ? 16 : 32; }

Bytes suite_id(Aead aead) { return {'H', 'P', 'K', 'E', 0, 16, 0, 1, 0, static_cast<std::uint8_t>(aead)}; }

void append(Bytes& out, ByteView more) { out.insert(out.end(), more.begin(), more.end()); }

// The buffer is reserved first: what it holds is secret and must not be left behind by growing.
Secret joined(std::initializer_list<ByteView> parts) {
  std::size_t size = 0;
  for (const ByteView part : parts) size += part.size();
  Bytes all;
  all.reserve(size);
  for (const ByteView part : parts) append(all, part);
  return Secret(std::move(all));
}

Secret hmac(ByteView key, ByteView message) {
  static constexpr std::uint8_t kEmpty = 0;  // OpenSSL takes a null key for "the one before"
  Bytes out(kHash);
  HMAC(EVP_sha256(), key.empty() ? &kEmpty : key.data(), static_cast<int>(key.size()), message.data(), message.size(),
       out.data(), nullptr);
  return Secret(std::move(out));
}

// Section 4: LabeledExtract and LabeledExpand over HKDF (RFC 5869).
Secret labeled_extract(ByteView suite, ByteView salt, std::string_view label, ByteView input) {
  const Secret labeled = joined({as_bytes("HPKE-v1"), suite, as_bytes(label), input});
  return hmac(salt, labeled.view());
}

Secret labeled_expand(ByteView suite, const Secret& pseudorandom, std::string_view label, ByteView info,
                      std::size_t octets) {
  const Bytes length = {static_cast<std::uint8_t>(octets >> 8), static_cast<std::uint8_t>(octets)};
  Bytes out;
  out.reserve(octets + kHash);
  Secret block;
  for (std::uint8_t counter = 1; out.size() < octets; ++counter) {
    const Secret input =
        joined({block.view(), length, as_bytes("HPKE-v1"), suite, as_bytes(label), info, {&counter, 1}});
    block = hmac(pseudorandom.view(), input.view());
    append(out, block.view());
  }
  const Secret whole(std::move(out));
  return Secret(whole.view().first(octets));
}

// Section 4.1, ExtractAndExpand.
Secret shared_secret(const Secret& dh, ByteView enc, ByteView recipient) {
  const Secret extracted = labeled_extract(kKemSuite, {}, "eae_prk", dh.view());
  const Secret context = joined({enc, recipient});
  return labeled_expand(kKemSuite, extracted, "shared_secret", context.view(), kHash);
}

const EVP_CIPHER* cipher(Aead aead) { return aead == Aead::kAes128Gcm ? EVP_aes_128_gcm() : EVP_aes_256_gcm(); }

}  // namespace

// Section 5.1, KeySchedule in base mode: no PSK.
HpkeContext::HpkeContext(Aead aead, const Secret& shared, ByteView info) : aead_(aead) {
  const Bytes suite = suite_id(aead);
  const Secret psk_id_hash = labeled_extract(suite, {}, "psk_id_hash", {});
  const Secret info_hash = labeled_extract(suite, {}, "info_hash", info);
  const Secret context = joined({{&kBaseMode, 1}, psk_id_hash.view(), info_hash.view()});
  const Secret secret = labeled_extract(suite, shared.view(), "secret", {});
  key_ = labeled_expand(suite, secret, "key", context.view(), key_octets(aead));
  base_nonce_ = labeled_expand(suite, secret, "base_nonce", context.view(), kNonce);
  exporter_ = labeled_expand(suite, secret, "exp", context.view(), kHash);
}

Result<HpkeContext::Sender> HpkeContext::sender(ByteView recipient, ByteView info, Aead aead) {
  CERTFERRY_ASSIGN(const Secret ephemeral, random_scalar());
  return sender_with(ephemeral, recipient, info, aead);
}

Result<HpkeContext::Sender> HpkeContext::sender_with(const Secret& ephemeral, ByteView recipient, ByteView info,
                                                     Aead aead) {
  CERTFERRY_ASSIGN(Bytes enc, public_point(ephemeral));
  CERTFERRY_ASSIGN(const Secret dh, diffie_hellman(ephemeral, recipient));
  const Secret shared = shared_secret(dh, enc, recipient);
  return Sender{std::move(enc), HpkeContext(aead, shared, info)};
}

Result<HpkeContext> HpkeContext::recipient(KeyRef key, ByteView enc, ByteView info, Aead aead) {
  CERTFERRY_ASSIGN(const Bytes own, point_of(key.public_key()));
  CERTFERRY_ASSIGN(const Secret dh, key.diffie_hellman(enc));
  const Secret shared = shared_secret(dh, enc, own);
  return HpkeContext(aead, shared, info);
}

Bytes HpkeContext::nonce() const {
  Bytes nonce = to_bytes(base_nonce_.view());
  for (std::size_t i = 0; i < sizeof sequence_; ++i)
    nonce[kNonce - 1 - i] ^= static_cast<std::uint8_t>(sequence_ >> (8 * i));
  return nonce;
}

Result<Bytes> HpkeContext::seal(ByteView associated, ByteView plain) {
  const CipherPtr context(EVP_CIPHER_CTX_new());
  const Bytes iv = nonce();
  Bytes out(plain.size() + kTag);
  int size = 0;
  if (!context || EVP_EncryptInit_ex(context.get(), cipher(aead_), nullptr, key_.view().data(), iv.data()) != 1 ||
      (!associated.empty() &&
       EVP_EncryptUpdate(context.get(), nullptr, &size, associated.data(), static_cast<int>(associated.size())) != 1) ||
      (!plain.empty() &&
       EVP_EncryptUpdate(context.get(), out.data(), &size, plain.data(), static_cast<int>(plain.size())) != 1) ||
      EVP_EncryptFinal_ex(context.get(), out.data() + plain.size(), &size) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTag, out.data() + plain.size()) != 1) {
    return openssl_failed();
  }
  ++sequence_;
  return out;
}

Result<Secret> HpkeContext::open(ByteView associated, ByteView ciphertext) {
  const auto refused = [] {
    return fail(ErrorKind::kRejected, "CF2204",
                "a sealed key cannot be opened: it was sealed for another computer or use, or was changed",
                "nothing was taken over; see who can write to the store");
  };
  if (ciphertext.size() < kTag) return refused();
  const std::size_t length = ciphertext.size() - kTag;
  const CipherPtr context(EVP_CIPHER_CTX_new());
  const Bytes iv = nonce();
  Bytes tag = to_bytes(ciphertext.subspan(length));
  Bytes plain(length);
  Secret wiped;  // GCM decrypts before it knows whether it may
  int size = 0;
  const bool ready =
      context && EVP_DecryptInit_ex(context.get(), cipher(aead_), nullptr, key_.view().data(), iv.data()) == 1 &&
      (associated.empty() ||
       EVP_DecryptUpdate(context.get(), nullptr, &size, associated.data(), static_cast<int>(associated.size())) == 1) &&
      (length == 0 ||
       EVP_DecryptUpdate(context.get(), plain.data(), &size, ciphertext.data(), static_cast<int>(length)) == 1) &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTag, tag.data()) == 1;
  wiped = Secret(std::move(plain));
  if (!ready) return openssl_failed();
  std::uint8_t nothing = 0;
  if (EVP_DecryptFinal_ex(context.get(), &nothing, &size) != 1) return refused();
  ++sequence_;
  return wiped;
}

Secret HpkeContext::export_secret(ByteView context, std::size_t octets) const {
  return labeled_expand(suite_id(aead_), exporter_, "sec", context, octets);
}

Result<HpkeMessage> hpke_seal(ByteView recipient, ByteView info, ByteView associated, ByteView plain, Aead aead) {
  CERTFERRY_ASSIGN(HpkeContext::Sender sender, HpkeContext::sender(recipient, info, aead));
  CERTFERRY_ASSIGN(Bytes ciphertext, sender.context.seal(associated, plain));
  return HpkeMessage{std::move(sender.enc), std::move(ciphertext)};
}

Result<Secret> hpke_open(KeyRef key, const HpkeMessage& message, ByteView info, ByteView associated, Aead aead) {
  CERTFERRY_ASSIGN(HpkeContext context, HpkeContext::recipient(key, message.enc, info, aead));
  return context.open(associated, message.ciphertext);
}

}  // namespace certferry::seal
