// `certferry doctor`: looks at everything a home holds and says what is wrong with it.
#pragma once

#include "commands/environment.h"
#include "commands/home.h"
#include "commands/outcome.h"

namespace certferry::commands {

// Changes nothing. Fails with the first fatal finding.
[[nodiscard]] Outcome examine_home(Environment& environment, Home& home);

}  // namespace certferry::commands
