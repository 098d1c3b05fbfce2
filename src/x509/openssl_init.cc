#include "x509/openssl_init.h"

#include <openssl/crypto.h>

namespace certferry::x509 {

void initialize_openssl() { OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, nullptr); }

}  // namespace certferry::x509
