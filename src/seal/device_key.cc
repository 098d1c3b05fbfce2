#include "seal/device_key.h"

namespace certferry::seal {

bool is_in_device(std::string_view key_file) {
  return key_file.starts_with("pkcs11:") || key_file.find("-----BEGIN TSS2 PRIVATE KEY-----") != std::string_view::npos;
}

}  // namespace certferry::seal
