// What goes wrong with a device: one wording.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace certferry::seal {

[[nodiscard]] std::unexpected<Error> device_failed(std::string_view what, std::string_view why);   // CF2235
[[nodiscard]] std::unexpected<Error> no_device(std::string why);                                   // CF2236
[[nodiscard]] std::unexpected<Error> wrong_pin(std::string_view device, std::string_view why);     // CF2237
[[nodiscard]] std::unexpected<Error> no_such_place(std::string_view place, std::string_view why);  // CF2238

}  // namespace certferry::seal
