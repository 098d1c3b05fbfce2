// Owners for what the benchmarks use beside x509/openssl_ptr.h.
#pragma once

#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <cstdio>
#include <memory>

#include "x509/openssl_ptr.h"

namespace certferry::bench {

using x509::EvpKeyPtr;
using x509::FreeWith;
using CertificatePtr = std::unique_ptr<X509, FreeWith<X509_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, FreeWith<X509_EXTENSION_free>>;
using PfxPtr = std::unique_ptr<PKCS12, FreeWith<PKCS12_free>>;
using AnchorsPtr = std::unique_ptr<X509_STORE, FreeWith<X509_STORE_free>>;
using VerificationPtr = std::unique_ptr<X509_STORE_CTX, FreeWith<X509_STORE_CTX_free>>;

struct FreeStack {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_pop_free(stack, X509_free); }
};
using CertificatesPtr = std::unique_ptr<STACK_OF(X509), FreeStack>;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
// For reading; writers call std::fclose(release()) and look at the result.
using FilePtr = std::unique_ptr<std::FILE, CloseFile>;

}  // namespace certferry::bench
