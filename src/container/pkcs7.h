// Certificates out of PKCS#7 / CMS SignedData (RFC 5652 section 5.1), as P7B and P7C files are.
#pragma once

#include "container/contents.h"

namespace certferry::container {

// `content_info` is the normalized ContentInfo. CF1215 where it is another kind of PKCS#7, CF1208 where it is malformed.
// No certificates in it is no error here.
[[nodiscard]] Result<> read_pkcs7(ByteView content_info, Contents& contents);

}  // namespace certferry::container
