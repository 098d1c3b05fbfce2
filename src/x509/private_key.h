// Private keys as PKCS#8, with the public key they really belong to.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "x509/public_key.h"

namespace certferry::x509 {

// Move-only; its bytes are wiped. The public key is computed from the private one, never taken from a field beside it,
// and RSA parts are held against each other, so that a key that equals a certificate's really signs for it.
// Errors: CF1150 malformed, CF1151 its parts do not belong together (kRejected), CF1152 an algorithm or curve that
// certferry does not import (kUnsupported).
class PrivateKey {
 public:
  // PrivateKeyInfo of PKCS#8 (RFC 5208) or OneAsymmetricKey v2 (RFC 5958); what comes out of pkcs8() is always v1.
  [[nodiscard]] static Result<PrivateKey> from_pkcs8(ByteView der);
  // RSAPrivateKey (RFC 8017 A.1.2).
  [[nodiscard]] static Result<PrivateKey> from_pkcs1(ByteView der);
  // ECPrivateKey (RFC 5915); its parameters must name the curve.
  [[nodiscard]] static Result<PrivateKey> from_sec1(ByteView der);

  // PrivateKeyInfo, version 0, DER.
  [[nodiscard]] const Secret& pkcs8() const { return pkcs8_; }
  // "-----BEGIN PRIVATE KEY-----…", 64 columns.
  [[nodiscard]] Secret pem() const;
  [[nodiscard]] const PublicKey& public_key() const { return public_key_; }
  [[nodiscard]] PrivateKey clone() const;

 private:
  PrivateKey(Secret pkcs8, PublicKey public_key) : pkcs8_(std::move(pkcs8)), public_key_(std::move(public_key)) {}
  Secret pkcs8_;
  PublicKey public_key_;
};

}  // namespace certferry::x509
