#include "deploy/materials.h"

#include <openssl/bio.h>
#include <openssl/buffer.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include <algorithm>
#include <string>

#include "deploy/jwks.h"
#include "x509/openssl_objects.h"

namespace certferry::deploy {
namespace {

constexpr int kIterations =
    10'000;  // the file's mode keeps others away from it; a Java service opens it at every change

using BioPtr = std::unique_ptr<BIO, x509::FreeWith<BIO_free_all>>;
using Pkcs12Ptr = std::unique_ptr<PKCS12, x509::FreeWith<PKCS12_free>>;
void free_stack(STACK_OF(X509) * stack) { sk_X509_pop_free(stack, X509_free); }
using StackPtr = std::unique_ptr<STACK_OF(X509), x509::FreeWith<free_stack>>;

std::unexpected<Error> cannot_read_pem(std::string_view what) {
  return fail(ErrorKind::kFailed, "CF1650", std::string(what), "import the certificate again");
}

std::unexpected<Error> cannot_make(std::string_view what) {
  std::string reason;
  // The program does not load the texts of libcrypto's errors (x509/openssl_init.h); then the number has to do.
  if (const unsigned long code = ERR_peek_last_error()) {
    const char* const text = ERR_reason_error_string(code);
    reason = text ? std::string(": ") + text : ": libcrypto's error " + std::to_string(ERR_GET_REASON(code));
  }
  ERR_clear_error();
  return fail(ErrorKind::kFailed, "CF1651", "cannot make " + std::string(what) + reason,
              "see whether the password is on the first line of the binding's password_file");
}

// The blocks of one label, decoded.
Result<std::vector<Secret>> blocks(std::string_view text, std::string_view label) {
  const std::string begin = "-----BEGIN " + std::string(label) + "-----";
  const std::string end = "-----END " + std::string(label) + "-----";
  std::vector<Secret> found;
  for (std::size_t at = text.find(begin); at != std::string_view::npos; at = text.find(begin, at + 1)) {
    const std::size_t body = at + begin.size();
    const std::size_t stop = text.find(end, body);
    auto der = stop == std::string_view::npos ? std::nullopt : from_base64(text.substr(body, stop - body));
    if (!der) return cannot_read_pem("a PEM block " + std::string(label) + " is damaged");
    found.emplace_back(std::move(*der));
  }
  return found;
}

Secret written(BIO* memory) {
  BUF_MEM* content = nullptr;
  BIO_get_mem_ptr(memory, &content);
  return Secret(ByteView(reinterpret_cast<const std::uint8_t*>(content->data), content->length));
}

// A secret put together without leaving pieces on the heap.
Secret joined(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  Bytes all;
  all.reserve(size);
  for (const std::string_view part : parts) all.insert(all.end(), part.begin(), part.end());
  return Secret(std::move(all));
}

Result<Secret> pkcs12(const Materials& materials, const KeystoreOptions& options) {
  if (!options.password || options.password->empty()) return cannot_make("a keystore without a password");
  ERR_clear_error();
  const Secret password = joined({options.password->text(), std::string_view("\0", 1)});
  const std::string alias(options.alias);
  const x509::EvpKeyPtr key = x509::openssl_key(materials.key);
  const x509::X509Ptr leaf = x509::openssl_certificate(materials.leaf);
  const StackPtr chain(sk_X509_new_null());
  for (const x509::Certificate& each : materials.chain) {
    x509::X509Ptr certificate = x509::openssl_certificate(each);
    if (!certificate || !chain || sk_X509_push(chain.get(), certificate.get()) <= 0) return cannot_make("a keystore");
    static_cast<void>(certificate.release());
  }
  const char* secret = reinterpret_cast<const char*>(password.view().data());
  const Pkcs12Ptr file(PKCS12_create(secret, alias.c_str(), key.get(), leaf.get(), chain.get(), NID_aes_256_cbc,
                                     NID_aes_256_cbc, kIterations, -1, 0));
  if (!file || PKCS12_set_mac(file.get(), secret, -1, nullptr, 0, kIterations, EVP_sha256()) != 1) {
    return cannot_make("a keystore");
  }
  Bytes der(static_cast<std::size_t>(std::max(0, i2d_PKCS12(file.get(), nullptr))));
  unsigned char* at = der.data();
  if (der.empty() || i2d_PKCS12(file.get(), &at) != static_cast<int>(der.size())) return cannot_make("a keystore");
  return Secret(std::move(der));
}

}  // namespace

Result<std::vector<x509::Certificate>> certificates_from_pem(std::string_view text) {
  CERTFERRY_ASSIGN(const std::vector<Secret> certificates, blocks(text, "CERTIFICATE"));
  std::vector<x509::Certificate> all;
  for (const Secret& der : certificates) {
    CERTFERRY_ASSIGN(x509::Certificate certificate, x509::Certificate::from_der(der.view()));
    all.push_back(std::move(certificate));
  }
  return all;
}

Result<Materials> materials_from_pem(std::string_view fullchain, const Secret& key) {
  CERTFERRY_ASSIGN(const std::vector<x509::Certificate> all, certificates_from_pem(fullchain));
  CERTFERRY_ASSIGN(const std::vector<Secret> keys, blocks(key.text(), "PRIVATE KEY"));
  if (all.empty() || keys.size() != 1) return cannot_read_pem("there is not one certificate and one key");
  CERTFERRY_ASSIGN(x509::PrivateKey read, x509::PrivateKey::from_pkcs8(keys.front().view()));
  if (!(read.public_key() == all.front()->public_key)) {
    return cannot_read_pem("the private key is not that of the first certificate");
  }
  Materials materials{all.front(), {all.begin() + 1, all.end()}, std::move(read)};
  return materials;
}

Result<Secret> traditional_key(const x509::PrivateKey& key) {
  const x509::KeyAlgorithm algorithm = key.public_key().algorithm();
  if (algorithm != x509::KeyAlgorithm::kRsa && algorithm != x509::KeyAlgorithm::kEc) return key.pem();
  ERR_clear_error();
  const x509::EvpKeyPtr decoded = x509::openssl_key(key);
  const BioPtr memory(BIO_new(BIO_s_secmem()));
  if (!decoded || !memory ||
      PEM_write_bio_PrivateKey_traditional(memory.get(), decoded.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return cannot_make("a traditional private key");
  }
  return written(memory.get());
}

Result<Secret> make_content(Content content, const Materials& materials, const KeystoreOptions& keystore) {
  const std::string leaf = materials.leaf.pem();
  std::string chain;
  for (const x509::Certificate& each : materials.chain) chain += each.pem();
  switch (content) {
    case Content::kFullChain: return Secret(leaf + chain);
    case Content::kChain: return Secret(chain);
    case Content::kLeaf: return Secret(leaf);
    case Content::kKeyPkcs8: return materials.key.pem();
    case Content::kKeyTraditional: return traditional_key(materials.key);
    case Content::kFullChainAndKey: return joined({leaf, chain, materials.key.pem().text()});
    case Content::kKeyAndFullChain: return joined({materials.key.pem().text(), leaf, chain});
    case Content::kPkcs12: return pkcs12(materials, keystore);
    case Content::kKeyId: {
      CERTFERRY_ASSIGN(const std::string id, key_id(materials.leaf->public_key));
      return Secret(id + "\n");
    }
    case Content::kJwkSet: break;  // not made of one certificate
  }
  return cannot_make("this content");
}

}  // namespace certferry::deploy
