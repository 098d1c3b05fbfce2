// Keys in tokens that have a PKCS #11 module (version 2.40), named by URIs (RFC 7512), through p11-kit. The module is the one of
// p11-kit's configuration whose token matches, or the one that module-path names.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "seal/device_key.h"

namespace certferry::seal {

// `uri` names one private key of a token. CF2235, CF2236, CF2237; CF2238 where it is no such URI, or has the PIN in it.
[[nodiscard]] Result<std::unique_ptr<DeviceKey>> open_pkcs11_key(std::string_view uri, const DeviceAccess& access);
// `place` names one token. The URI of the key, which is sensitive and never extractable. Errors as above.
[[nodiscard]] Result<std::string> make_pkcs11_key(std::string_view place, const std::string& label,
                                                  DevicePurpose purpose, const DeviceAccess& access);

}  // namespace certferry::seal
