// Keys in devices: tokens with a PKCS #11 module, and TPMs.
#pragma once

#include "seal/device_key.h"

namespace certferry::seal {

// As OpenDeviceKey and MakeDeviceKey.
[[nodiscard]] Result<std::unique_ptr<DeviceKey>> open_device_key(std::string_view key_file, const DeviceAccess& access);
[[nodiscard]] Result<std::string> make_device_key(std::string_view place, const std::string& label,
                                                  DevicePurpose purpose, const DeviceAccess& access);

}  // namespace certferry::seal
