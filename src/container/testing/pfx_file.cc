#include "container/testing/pfx_file.h"

#include <openssl/pkcs12.h>

#include <memory>
#include <stdexcept>

namespace certferry::container::testing {
namespace {

template <auto free>
struct Free {
  template <typename T>
  void operator()(T* pointer) const {
    free(pointer);
  }
};
using X509Ptr = std::unique_ptr<X509, Free<X509_free>>;
using Pkcs12Ptr = std::unique_ptr<PKCS12, Free<PKCS12_free>>;
struct FreeStack {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_pop_free(stack, X509_free); }
};

X509Ptr parsed(const x509::testing::MadeCertificate& certificate) {
  const std::uint8_t* at = certificate.der.data();
  return X509Ptr(d2i_X509(nullptr, &at, static_cast<long>(certificate.der.size())));
}

}  // namespace

Bytes make_pfx(const PfxSpec& spec) {
  const X509Ptr leaf = parsed(spec.certificates.at(0));
  const std::unique_ptr<STACK_OF(X509), FreeStack> others(sk_X509_new_null());
  for (std::size_t i = 1; i < spec.certificates.size(); ++i) {
    sk_X509_push(others.get(), parsed(spec.certificates[i]).release());
  }
  EVP_PKEY* key = spec.key ? spec.certificates[0].key.handle() : nullptr;
  const Pkcs12Ptr pfx(PKCS12_create(
      spec.password.c_str(), "web", key, leaf.get(), others.get(), spec.key_encrypted ? NID_aes_256_cbc : -1,
      spec.certificates_encrypted ? NID_aes_256_cbc : -1, spec.iterations, spec.mac ? spec.iterations : -1, 0));
  std::uint8_t* der = nullptr;
  const int size = pfx ? i2d_PKCS12(pfx.get(), &der) : 0;
  if (size <= 0) throw std::runtime_error("PKCS12_create");
  Bytes bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

}  // namespace certferry::container::testing
