// How a confined child tells its parent what it read: counted fields, nothing that has to be trusted.
#pragma once

#include "base/result.h"
#include "base/secret.h"
#include "x509/bundle.h"

namespace certferry::container {

// Holds private keys.
[[nodiscard]] Secret encode(const Result<x509::CertificateFile>& answer);

// Certificates and keys are read anew from their DER. Nothing where the bytes are not what encode() writes.
[[nodiscard]] std::optional<Result<x509::CertificateFile>> decode(ByteView bytes);

}  // namespace certferry::container
