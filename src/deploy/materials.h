// A certificate, its chain and its key in the forms that services read. Pure: bytes in, bytes out.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "deploy/binding.h"
#include "x509/certificate.h"
#include "x509/private_key.h"

namespace certferry::deploy {

struct Materials {
  x509::Certificate leaf;
  std::vector<x509::Certificate> chain;  // intermediates from the issuer on, without the root
  x509::PrivateKey key;
};

// The certificates in a PEM text, in their order. CF1650 where one cannot be read.
[[nodiscard]] Result<std::vector<x509::Certificate>> certificates_from_pem(std::string_view text);

// From the PEM texts of a generation (deploy/pem_folder.h). CF1650 where one cannot be read, or the key is not the leaf's.
[[nodiscard]] Result<Materials> materials_from_pem(std::string_view fullchain, const Secret& key);

struct KeystoreOptions {
  std::string_view alias;
  const Secret* password = nullptr;
};

// What a file of that content holds. PKCS#12: PBES2 with AES-256-CBC and PBKDF2-HMAC-SHA256, HMAC-SHA256 as MAC. CF1651
// where a keystore cannot be made, or has no password; CF1652 of deploy/jwks.h. Not for kJwkSet.
[[nodiscard]] Result<Secret> make_content(Content content, const Materials& materials,
                                          const KeystoreOptions& keystore = {});

// "-----BEGIN RSA PRIVATE KEY-----" or "-----BEGIN EC PRIVATE KEY-----"; PKCS#8 for keys that have no older form.
[[nodiscard]] Result<Secret> traditional_key(const x509::PrivateKey& key);

}  // namespace certferry::deploy
