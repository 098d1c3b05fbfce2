// Reads the extensions that path validation and checks look at (RFC 5280 section 4.2).
#pragma once

#include "x509/certificate.h"

namespace certferry::x509 {

// Puts the parsed form into its field. False where the extension is known here and its value is malformed; extensions
// that are not known are left alone.
[[nodiscard]] bool read_extension(const Extension& extension, CertificateFields& fields);

}  // namespace certferry::x509
