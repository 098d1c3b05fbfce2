// What is wrong with a key of the fleet: one wording.
#pragma once

#include "base/result.h"

namespace certferry::seal {

[[nodiscard]] std::unexpected<Error> no_public_key();    // CF2201
[[nodiscard]] std::unexpected<Error> no_private_key();   // CF2202
[[nodiscard]] std::unexpected<Error> openssl_failed();   // CF2203

}  // namespace certferry::seal
