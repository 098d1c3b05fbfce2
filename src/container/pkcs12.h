// PFX files (RFC 7292), with the MACs of RFC 7292 and RFC 9579 (PBMAC1).
#pragma once

#include "container/contents.h"

namespace certferry::container {

// `pfx` is the normalized PFX. Everything it asks of key derivation that can be seen is charged before anything is run;
// nothing is parsed before the MAC is right.
[[nodiscard]] Result<> read_pkcs12(ByteView pfx, Contents& contents);

}  // namespace certferry::container
