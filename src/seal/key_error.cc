#include "seal/key_error.h"

namespace certferry::seal {

std::unexpected<Error> no_public_key() {
  return fail(ErrorKind::kRejected, "CF2201", "a public key of the fleet is not a point of P-256",
              "the statement that holds it is damaged or forged: see where it comes from");
}

std::unexpected<Error> no_private_key() {
  return fail(ErrorKind::kRejected, "CF2202", "a private key of the fleet is not one of P-256",
              "restore the key from a backup, or have the computer join again");
}

std::unexpected<Error> openssl_failed() {
  return fail(ErrorKind::kFailed, "CF2203", "OpenSSL could not do its part of the encryption",
              "look for memory and entropy; run the command again");
}

}  // namespace certferry::seal
