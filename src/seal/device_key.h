// Keys of the fleet in devices, as the rest of certferry sees them; seal/device/ has the parts that talk to one.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/file.h"
#include "seal/own_key.h"

namespace certferry::seal {

// Whether the text of a key file tells where the key is rather than what it is: a URI of PKCS #11 (RFC 7512), or "-----BEGIN TSS2
// PRIVATE KEY-----", a key that one TPM 2.0 alone can open.
[[nodiscard]] bool is_in_device(std::string_view key_file);

// What a device may need to be let in.
struct DeviceAccess {
  FileSystem& files;  // a pin-source of the URI is read from there
  std::function<Result<Secret>()> ask_pin;  // asked only where the device wants a PIN and the URI names no pin-source
};

enum class DevicePurpose { kSign, kAgree };  // agree: diffie_hellman()

// seal/device/ has them. Errors of both: CF2235 the device does not do it, CF2236 (kUnreachable) there is no such device, or not the
// key in it, CF2237 (kRejected) its PIN is wrong or locked; those of ask_pin and of reading the pin-source.
using OpenDeviceKey =
    std::function<Result<std::unique_ptr<DeviceKey>>(std::string_view key_file, const DeviceAccess& access)>;
// A new key of P-256 that never leaves the device, and the text of its key file. `place`: "tpm2:" or a URI of a token,
// "pkcs11:token=NAME". `label`: what the device's own tools show. CF2238 (kUsage) where `place` is none of the two.
using MakeDeviceKey = std::function<Result<std::string>(std::string_view place, const std::string& label,
                                                        DevicePurpose purpose, const DeviceAccess& access)>;

}  // namespace certferry::seal
