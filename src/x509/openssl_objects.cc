#include "x509/openssl_objects.h"

namespace certferry::x509 {

EvpKeyPtr openssl_key(const PrivateKey& key) {
  const ByteView der = key.pkcs8().view();
  const unsigned char* at = der.data();
  return EvpKeyPtr(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size())));
}

X509Ptr openssl_certificate(const Certificate& certificate) {
  const unsigned char* at = certificate->der.data();
  return X509Ptr(d2i_X509(nullptr, &at, static_cast<long>(certificate->der.size())));
}

}  // namespace certferry::x509
