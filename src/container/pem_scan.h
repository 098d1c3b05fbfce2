// Finds PEM blocks (RFC 7468, RFC 1421) in text as people really send it: any line ends, indentation, byte order marks,
// UTF-16, text around, one line for everything.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace certferry::container {

struct PemBlock {
  std::string label;  // "CERTIFICATE"
  Secret der;  // decoded, still encrypted where dek_info is set
  bool mismatched = false;  // ends with another label than it begins with: `der` is empty
  std::string dek_info;  // "AES-256-CBC,0011…" of a traditional encrypted block; empty else
};

// The text as UTF-8 or ASCII without byte order mark: UTF-16 is told by its mark or by its zeros.
[[nodiscard]] Secret to_text(ByteView file);

[[nodiscard]] bool looks_like_pem(std::string_view text);

// All blocks in their order. CF1206 (kRejected) names the block that is damaged or has no end.
[[nodiscard]] Result<std::vector<PemBlock>> scan_pem(std::string_view text);

}  // namespace certferry::container
