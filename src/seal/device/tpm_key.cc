#include "seal/device/tpm_key.h"

#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/encoder.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/x509.h>

#include <mutex>
#include <thread>
#include <utility>

#include "seal/device/device_error.h"
#include "seal/key_error.h"
#include "seal/keys.h"
#include "seal/p256.h"
#include "x509/digest.h"
#include "x509/openssl_objects.h"

namespace certferry::seal {
namespace {

using KeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, x509::FreeWith<EVP_PKEY_CTX_free>>;
using DecoderPtr = std::unique_ptr<OSSL_DECODER_CTX, x509::FreeWith<OSSL_DECODER_CTX_free>>;
using EncoderPtr = std::unique_ptr<OSSL_ENCODER_CTX, x509::FreeWith<OSSL_ENCODER_CTX_free>>;

// What the TPM does is asked of it by name; digests and the like stay with OpenSSL.
constexpr const char* kTpm = "provider=tpm2";

// A TPM holds three objects or so. Where no resource manager shares it (/dev/tpmrm0 is one), another process may have all of them for
// a moment: a warning of the TPM, after which the same may be asked again (TPM 2.0 part 2, section 6.6).
constexpr int kTries = 50;
constexpr std::chrono::milliseconds kPause{100};

struct Reason {
  std::string text;
  bool passes = false;
};

Reason reason() {
  const char* data = nullptr;
  int flags = 0;
  const unsigned long code = ERR_peek_last_error_all(nullptr, nullptr, nullptr, &data, &flags);
  const char* const text = code == 0 ? nullptr : ERR_reason_error_string(code);
  Reason found{text ? text : "the provider tpm2 says no more"};
  if (data && (flags & ERR_TXT_STRING) && *data) {
    const std::string_view more = data;
    found.text += (": " + std::string(more));
    found.passes = more.find("tpm:warn") != std::string_view::npos;
  }
  ERR_clear_error();
  return found;
}

// An OpenSSL of its own, so that nothing else of this process meets the TPM by chance.
class Library {
 public:
  [[nodiscard]] static Result<std::shared_ptr<const Library>> load() {
    auto library = std::make_shared<Library>();
    if (!library->context_) return openssl_failed();
    library->plain_.reset(OSSL_PROVIDER_load(library->context_.get(), "default"));
    library->tpm_.reset(OSSL_PROVIDER_load(library->context_.get(), "tpm2"));
    if (!library->plain_) return openssl_failed();
    if (!library->tpm_)
      return no_device("OpenSSL's provider for TPMs cannot be loaded, or found none (" + reason().text +
                       "; the package tpm2-openssl has it)");
    return std::shared_ptr<const Library>(std::move(library));
  }
  [[nodiscard]] OSSL_LIB_CTX* get() const { return context_.get(); }

 private:
  using Provider = std::unique_ptr<OSSL_PROVIDER, x509::FreeWith<OSSL_PROVIDER_unload>>;
  std::unique_ptr<OSSL_LIB_CTX, x509::FreeWith<OSSL_LIB_CTX_free>> context_{OSSL_LIB_CTX_new()};
  Provider plain_, tpm_;
};

Result<x509::PublicKey> public_key_of(EVP_PKEY* key) {
  Bytes point(kPointOctets + 1);
  std::size_t size = 0;
  if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size(), &size) != 1) {
    ERR_clear_error();
    return no_private_key();
  }
  point.resize(size);
  return key_at(point);
}

struct Loaded {
  std::shared_ptr<const Library> library;  // before the key: it goes last
  x509::EvpKeyPtr key;
};

// The key in the TPM, as long as it lives.
Result<Loaded> load(std::string_view pem) {
  CERTFERRY_ASSIGN(std::shared_ptr<const Library> library, Library::load());
  Reason why;
  for (int tries = 0; tries < kTries; ++tries) {
    EVP_PKEY* found = nullptr;
    const DecoderPtr decoder(
        OSSL_DECODER_CTX_new_for_pkey(&found, "PEM", nullptr, nullptr, EVP_PKEY_KEYPAIR, library->get(), kTpm));
    const auto* at = reinterpret_cast<const unsigned char*>(pem.data());
    std::size_t left = pem.size();
    const bool decoded = decoder && OSSL_DECODER_from_data(decoder.get(), &at, &left) == 1 && found;
    x509::EvpKeyPtr key(found);
    if (decoded) return Loaded{std::move(library), std::move(key)};
    why = reason();
    if (!why.passes) break;
    std::this_thread::sleep_for(kPause);
  }
  return no_device("the TPM does not take it: it is another computer's, or was cleared (" + why.text + ")");
}

// What `act` gives, with the key in the TPM for so long; again where the TPM was only busy.
template <typename Act>
auto with_key(std::string_view pem, std::string_view what, const Act& act) -> decltype(act(std::declval<Loaded&>())) {
  Reason why;
  for (int tries = 0; tries < kTries; ++tries) {
    CERTFERRY_ASSIGN(Loaded loaded, load(pem));
    auto done = act(loaded);
    if (done) return done;
    why = reason();
    if (!why.passes) break;
    loaded = {};
    std::this_thread::sleep_for(kPause);
  }
  return device_failed(what, why.text);
}

class TpmKey final : public DeviceKey {
 public:
  TpmKey(std::string pem, x509::PublicKey public_key) : pem_(std::move(pem)), public_key_(std::move(public_key)) {}

  const x509::PublicKey& public_key() const override { return public_key_; }

  Result<Bytes> sign(ByteView message) const override {
    const Bytes digest = to_bytes(x509::sha256(message));
    const auto act = [&](const Loaded& loaded) -> Result<Bytes> {
      const KeyContextPtr context(EVP_PKEY_CTX_new_from_pkey(loaded.library->get(), loaded.key.get(), kTpm));
      std::size_t size = 0;
      if (!context || EVP_PKEY_sign_init(context.get()) != 1 ||
          EVP_PKEY_CTX_set_signature_md(context.get(), EVP_sha256()) != 1 ||
          EVP_PKEY_sign(context.get(), nullptr, &size, digest.data(), digest.size()) != 1) {
        return device_failed("sign", "");
      }
      Bytes signature(size);
      if (EVP_PKEY_sign(context.get(), signature.data(), &size, digest.data(), digest.size()) != 1)
        return device_failed("sign", "");
      signature.resize(size);
      return signature;
    };
    const std::scoped_lock lock(mutex_);
    return with_key(pem_, "sign", act);
  }

  Result<Secret> diffie_hellman(ByteView point) const override {
    CERTFERRY_ASSIGN(const x509::PublicKey other, key_at(point));
    const auto act = [&](const Loaded& loaded) -> Result<Secret> {
      const unsigned char* spki = other.spki().data();
      const x509::EvpKeyPtr peer(
          d2i_PUBKEY_ex(nullptr, &spki, static_cast<long>(other.spki().size()), loaded.library->get(), nullptr));
      const KeyContextPtr context(EVP_PKEY_CTX_new_from_pkey(loaded.library->get(), loaded.key.get(), kTpm));
      std::size_t size = kScalarOctets;
      Bytes shared(size);
      const bool done = peer && context && EVP_PKEY_derive_init(context.get()) == 1 &&
                        EVP_PKEY_derive_set_peer(context.get(), peer.get()) == 1 &&
                        EVP_PKEY_derive(context.get(), shared.data(), &size) == 1 && size == kScalarOctets;
      Secret held(std::move(shared));
      if (!done) return device_failed("open what is sealed to it", "");
      return held;
    };
    const std::scoped_lock lock(mutex_);
    return with_key(pem_, "open what is sealed to it", act);
  }

 private:
  mutable std::mutex mutex_;  // one thread's try at a time
  std::string pem_;
  x509::PublicKey public_key_;
};

}  // namespace

Result<std::unique_ptr<DeviceKey>> open_tpm_key(std::string_view pem) {
  CERTFERRY_ASSIGN(const Loaded loaded, load(pem));
  CERTFERRY_ASSIGN(x509::PublicKey public_key, public_key_of(loaded.key.get()));
  return std::unique_ptr<DeviceKey>(std::make_unique<TpmKey>(std::string(pem), std::move(public_key)));
}

Result<std::string> make_tpm_key() {
  CERTFERRY_ASSIGN(const std::shared_ptr<const Library> library, Library::load());
  x509::EvpKeyPtr key;
  Reason why;
  for (int tries = 0; tries < kTries && !key; ++tries) {
    const KeyContextPtr context(EVP_PKEY_CTX_new_from_name(library->get(), "EC", kTpm));
    EVP_PKEY* made = nullptr;
    const bool done = context && EVP_PKEY_keygen_init(context.get()) == 1 &&
                      EVP_PKEY_CTX_set_group_name(context.get(), "P-256") == 1 &&
                      EVP_PKEY_generate(context.get(), &made) == 1;
    key.reset(made);
    if (done) break;
    key.reset();
    why = reason();
    if (!why.passes) break;
    std::this_thread::sleep_for(kPause);
  }
  if (!key) return device_failed("make a key", why.text);
  const EncoderPtr encoder(OSSL_ENCODER_CTX_new_for_pkey(key.get(), EVP_PKEY_KEYPAIR, "PEM", "PrivateKeyInfo", kTpm));
  unsigned char* pem = nullptr;
  std::size_t size = 0;
  if (!encoder || OSSL_ENCODER_to_data(encoder.get(), &pem, &size) != 1)
    return device_failed("make a key", reason().text);
  const std::unique_ptr<unsigned char, decltype([](unsigned char* octets) { OPENSSL_free(octets); })> held(pem);
  return std::string(reinterpret_cast<const char*>(pem), size);
}

}  // namespace certferry::seal
