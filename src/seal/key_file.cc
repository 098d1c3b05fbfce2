#include "seal/key_file.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "seal/key_error.h"
#include "seal/keys.h"
#include "x509/openssl_objects.h"
#include "x509/pem.h"

namespace certferry::seal {
namespace {

constexpr std::string_view kEncrypted = "ENCRYPTED PRIVATE KEY", kPlain = "PRIVATE KEY";
constexpr std::size_t kLongest = 16 * 1024;
constexpr int kSaltOctets = 16;

using SignedPtr = std::unique_ptr<X509_SIG, x509::FreeWith<X509_SIG_free>>;
using KeyInfoPtr = std::unique_ptr<PKCS8_PRIV_KEY_INFO, x509::FreeWith<PKCS8_PRIV_KEY_INFO_free>>;
using AlgorithmPtr = std::unique_ptr<X509_ALGOR, x509::FreeWith<X509_ALGOR_free>>;
using Pbes2Ptr = std::unique_ptr<PBE2PARAM, x509::FreeWith<PBE2PARAM_free>>;
using Pbkdf2Ptr = std::unique_ptr<PBKDF2PARAM, x509::FreeWith<PBKDF2PARAM_free>>;

std::unexpected<Error> no_key_file() {
  return fail(ErrorKind::kRejected, "CF2232", "a key file cannot be read",
              "it should hold one \"PRIVATE KEY\" or \"ENCRYPTED PRIVATE KEY\" in PEM; restore it from a backup");
}

// What stands between the two lines of the first block with that label; nothing where there is none.
std::optional<Secret> block(std::string_view pem, std::string_view label) {
  const std::string begin = "-----BEGIN " + std::string(label) + "-----";
  const std::string end = "-----END " + std::string(label) + "-----";
  const std::size_t from = pem.find(begin);
  if (pem.size() > kLongest || from == std::string_view::npos) return std::nullopt;
  const std::size_t to = pem.find(end, from + begin.size());
  if (to == std::string_view::npos) return std::nullopt;
  auto octets = from_base64(pem.substr(from + begin.size(), to - from - begin.size()));
  if (!octets) return std::nullopt;
  return Secret(std::move(*octets));
}

// How often PBKDF2 would be run; nothing where the file uses anything else.
std::optional<long> iterations(const X509_SIG* file) {
  const X509_ALGOR* scheme = nullptr;
  X509_SIG_get0(file, &scheme, nullptr);
  if (OBJ_obj2nid(scheme->algorithm) != NID_pbes2) return std::nullopt;
  const Pbes2Ptr pbes2(
      static_cast<PBE2PARAM*>(ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), scheme->parameter)));
  if (!pbes2 || OBJ_obj2nid(pbes2->keyfunc->algorithm) != NID_id_pbkdf2) return std::nullopt;
  const Pbkdf2Ptr pbkdf2(
      static_cast<PBKDF2PARAM*>(ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM), pbes2->keyfunc->parameter)));
  if (!pbkdf2) return std::nullopt;
  return ASN1_INTEGER_get(pbkdf2->iter);
}

Result<x509::PrivateKey> checked(ByteView pkcs8) {
  auto key = x509::PrivateKey::from_pkcs8(pkcs8);
  if (!key || !point_of(key->public_key())) return no_private_key();
  return key;
}

}  // namespace

Result<Secret> encrypted_pem(const x509::PrivateKey& key, const Secret& passphrase) {
  if (passphrase.empty()) {
    return fail(ErrorKind::kUsage, "CF2231", "a key cannot be protected with an empty passphrase",
                "give a passphrase, or leave the protection out");
  }
  const ByteView pkcs8 = key.pkcs8().view();
  const unsigned char* at = pkcs8.data();
  const KeyInfoPtr info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(pkcs8.size())));
  AlgorithmPtr scheme(
      PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), kKeyFileIterations, nullptr, kSaltOctets, nullptr, NID_hmacWithSHA256));
  if (!info || !scheme) return openssl_failed();
  const SignedPtr file(
      PKCS8_set0_pbe(passphrase.text().data(), static_cast<int>(passphrase.size()), info.get(), scheme.get()));
  if (!file) return openssl_failed();
  (void)scheme.release();  // the file's now
  unsigned char* der = nullptr;
  const int size = i2d_X509_SIG(file.get(), &der);
  if (size <= 0) return openssl_failed();
  const std::unique_ptr<unsigned char, decltype([](unsigned char* octets) { OPENSSL_free(octets); })> held(der);
  return Secret(x509::pem(kEncrypted, {der, static_cast<std::size_t>(size)}));
}

bool is_encrypted(std::string_view pem) {
  return pem.find("-----BEGIN " + std::string(kEncrypted) + "-----") != std::string_view::npos;
}

Result<x509::PrivateKey> key_from_pem(std::string_view pem, const Secret& passphrase) {
  if (!is_encrypted(pem)) {
    const auto plain = block(pem, kPlain);
    if (!plain) return no_key_file();
    return checked(plain->view());
  }
  const auto octets = block(pem, kEncrypted);
  if (!octets) return no_key_file();
  const unsigned char* at = octets->view().data();
  const SignedPtr file(d2i_X509_SIG(nullptr, &at, static_cast<long>(octets->size())));
  if (!file || at != octets->view().data() + octets->size()) return no_key_file();
  const auto count = iterations(file.get());
  if (!count || *count < 1 || *count > kMostKeyFileIterations) return no_key_file();
  const KeyInfoPtr info(PKCS8_decrypt(file.get(), passphrase.text().data(), static_cast<int>(passphrase.size())));
  ERR_clear_error();
  if (!info) {
    return fail(ErrorKind::kRejected, "CF2233", "the passphrase of a key file is wrong",
                "give the passphrase that the file was made with");
  }
  Bytes pkcs8(static_cast<std::size_t>(std::max(i2d_PKCS8_PRIV_KEY_INFO(info.get(), nullptr), 0)));
  unsigned char* to = pkcs8.data();
  if (pkcs8.empty() || i2d_PKCS8_PRIV_KEY_INFO(info.get(), &to) != static_cast<int>(pkcs8.size())) return no_key_file();
  const Secret held(std::move(pkcs8));
  return checked(held.view());
}

}  // namespace certferry::seal
