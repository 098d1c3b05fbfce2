// The bindings of this computer: which services take which types.
#pragma once

#include <vector>

#include "base/result.h"
#include "commands/environment.h"
#include "commands/home.h"
#include "deploy/binding.h"

namespace certferry::commands {

// Those that an administrator put into the home's folder of bindings. The built-in ones are patterns: they bind nothing
// until they lie there. Errors of deploy/binding_set.h.
[[nodiscard]] Result<std::vector<deploy::Binding>> load_bindings(Environment& environment, const Home& home);

}  // namespace certferry::commands
