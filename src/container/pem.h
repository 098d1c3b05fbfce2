// What the blocks of a PEM file mean.
#pragma once

#include <vector>

#include "container/contents.h"
#include "container/pem_scan.h"

namespace certferry::container {

// Every block: certificates, keys (also encrypted, PKCS#8 and traditional), PKCS#7 and PKCS#12 in armour; what is neither is left out.
[[nodiscard]] Result<> read_pem(const std::vector<PemBlock>& blocks, Contents& contents);

}  // namespace certferry::container
