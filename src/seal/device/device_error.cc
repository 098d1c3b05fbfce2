#include "seal/device/device_error.h"

namespace certferry::seal {

std::unexpected<Error> device_failed(std::string_view what, std::string_view why) {
  return fail(ErrorKind::kFailed, "CF2235",
              "the device that has a key of the fleet did not " + std::string(what) + ": " + std::string(why),
              "look at the device with its own tools; run the command again once it works");
}

std::unexpected<Error> no_device(std::string why) {
  return fail(ErrorKind::kUnreachable, "CF2236", "a key of the fleet cannot be reached: " + std::move(why),
              "connect the device, see that its PKCS #11 module or /dev/tpmrm0 can be opened by this account; run the "
              "command again");
}

std::unexpected<Error> wrong_pin(std::string_view device, std::string_view why) {
  return fail(ErrorKind::kRejected, "CF2237",
              "the PIN of " + std::string(device) + " was not taken: " + std::string(why),
              "give the right one; a locked token is unlocked with its own tools");
}

std::unexpected<Error> no_such_place(std::string_view place, std::string_view why) {
  return fail(ErrorKind::kUsage, "CF2238", "'" + std::string(place) + "' is no place for keys: " + std::string(why),
              "tpm2: is this computer's TPM; pkcs11:token=NAME?pin-source=file:/run/pin a token (RFC 7512)");
}

}  // namespace certferry::seal
