// Java key stores of the old kind (JKS): certificates in the clear, keys under Sun's own cipher.
#pragma once

#include "container/contents.h"

namespace certferry::container {

// `file` starts with FEEDFEED. CF1219 where a private key has another password than the store.
[[nodiscard]] Result<> read_jks(ByteView file, Contents& contents);

}  // namespace certferry::container
