// Owners for OpenSSL's objects.
#pragma once

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <memory>

namespace certferry::x509 {

template <auto free_function>
struct FreeWith {
  template <typename T>
  void operator()(T* pointer) const {
    free_function(pointer);
  }
};

using BignumPtr = std::unique_ptr<BIGNUM, FreeWith<BN_clear_free>>;
using BignumContextPtr = std::unique_ptr<BN_CTX, FreeWith<BN_CTX_free>>;
using EvpKeyPtr = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, FreeWith<X509_free>>;
using EvpDigestContextPtr = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;
using EcGroupPtr = std::unique_ptr<EC_GROUP, FreeWith<EC_GROUP_free>>;
using EcPointPtr = std::unique_ptr<EC_POINT, FreeWith<EC_POINT_free>>;
#ifndef OPENSSL_NO_DEPRECATED_3_0
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"  // old and new ones are owned alike
using EcKeyPtr = std::unique_ptr<EC_KEY, FreeWith<EC_KEY_free>>;
using RsaPtr = std::unique_ptr<RSA, FreeWith<RSA_free>>;
#pragma GCC diagnostic pop
#endif

}  // namespace certferry::x509
