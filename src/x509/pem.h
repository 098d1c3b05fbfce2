// Writes PEM (RFC 7468): 64 columns, LF.
#pragma once

#include <string_view>

#include "base/bytes.h"

namespace certferry::x509 {

// "-----BEGIN label-----…-----END label-----\n". Allocates once, so that a secret's text can be taken over by a Secret.
[[nodiscard]] Bytes pem(std::string_view label, ByteView der);

}  // namespace certferry::x509
