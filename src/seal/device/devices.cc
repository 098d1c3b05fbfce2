#include "seal/device/devices.h"

#include "seal/device/device_error.h"
#include "seal/device/pkcs11_key.h"
#include "seal/device/tpm_key.h"

namespace certferry::seal {
namespace {

bool is_uri(std::string_view text) { return text.starts_with("pkcs11:"); }

}  // namespace

Result<std::unique_ptr<DeviceKey>> open_device_key(std::string_view key_file, const DeviceAccess& access) {
  if (is_uri(key_file)) return open_pkcs11_key(key_file.substr(0, key_file.find('\n')), access);
  return open_tpm_key(key_file);
}

Result<std::string> make_device_key(std::string_view place, const std::string& label, DevicePurpose purpose,
                                    const DeviceAccess& access) {
  if (is_uri(place)) return make_pkcs11_key(place, label, purpose, access);
  if (place == "tpm2:") return make_tpm_key();
  return no_such_place(place, "it is neither tpm2: nor a URI of PKCS #11");
}

}  // namespace certferry::seal
