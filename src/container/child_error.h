// What is said where a confined child could not be made or did not answer.
#pragma once

#include <string_view>

#include "base/result.h"

namespace certferry::container {

// CF1251 (kFailed) with errno's text; `what`: the system call that failed.
[[nodiscard]] std::unexpected<Error> no_child(std::string_view what);

// CF1251: see confined_main().
[[nodiscard]] std::unexpected<Error> several_threads();

// CF1250 (kRejected), or CF1251 where it could not be confined; `status` as of waitpid.
[[nodiscard]] std::unexpected<Error> child_died(int status);

}  // namespace certferry::container
