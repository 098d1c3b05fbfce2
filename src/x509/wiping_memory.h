// What OpenSSL frees is overwritten first. It cleanses most copies of a private key itself, but not all: its decoders (OSSL_DECODER,
// behind d2i_AutoPrivateKey and PEM_read_bio_PrivateKey) free the DER that they read as it is.
#pragma once

namespace certferry::x509 {

// Before anything else of OpenSSL is called, from main(): later it changes nothing and returns false. Not thread-safe.
[[nodiscard]] bool wipe_what_openssl_frees();

}  // namespace certferry::x509
