// Our values as OpenSSL's objects, for what only it can do: TLS, PKCS #12.
#pragma once

#define OPENSSL_SUPPRESS_DEPRECATED  // openssl_ptr.h names what it owns, old and new
#include "x509/certificate.h"
#include "x509/openssl_ptr.h"
#include "x509/private_key.h"

namespace certferry::x509 {

// Null where OpenSSL does not take it.
[[nodiscard]] EvpKeyPtr openssl_key(const PrivateKey& key);
[[nodiscard]] X509Ptr openssl_certificate(const Certificate& certificate);

}  // namespace certferry::x509
