// -Reference: a certificate as another command printed it.
#pragma once

#include <string>

#include "base/file.h"
#include "base/result.h"

namespace certferry::cli {

// The thumbprint in what `certferry get --json` printed of one certificate: a file, or "-" for standard input. CF1072.
[[nodiscard]] Result<std::string> read_reference(FileSystem& files, const std::string& path);

}  // namespace certferry::cli
