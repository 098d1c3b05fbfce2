// Keys that one TPM 2.0 alone can open, through OpenSSL's provider tpm2 (the package tpm2-openssl). Their file is a "TSS2 PRIVATE
// KEY" in PEM (draft-bottomley-tpm2-keys): private part wrapped by the TPM's storage root key.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "seal/own_key.h"

namespace certferry::seal {

// The TPM is the one that $TPM2OPENSSL_TCTI names, else /dev/tpmrm0. CF2236; CF2202 where it is no key of P-256.
[[nodiscard]] Result<std::unique_ptr<DeviceKey>> open_tpm_key(std::string_view pem);
// The text of its file. CF2235, CF2236.
[[nodiscard]] Result<std::string> make_tpm_key();

}  // namespace certferry::seal
