#include "x509/openssl_init.h"

#include <openssl/crypto.h>

namespace certferry::x509 {

void initialize_openssl() {
  // Its error texts are never shown; making the table of them costs as much as a signature.
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_NO_ATEXIT,
                      nullptr);
}

void prepare_openssl() { OSSL_LIB_CTX_get0_global_default(); }

}  // namespace certferry::x509
