// What the system said about a file, as an Error.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace certferry {

// `error` is an errno. kNotPermitted for EACCES and EPERM, else kFailed; ENOENT while reading is CF1114.
[[nodiscard]] std::unexpected<Error> cannot_read(const std::string& path, int error);
[[nodiscard]] std::unexpected<Error> cannot_write(const std::string& path, int error);

}  // namespace certferry
