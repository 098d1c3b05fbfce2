// `certferry doctor`: looks at everything a home holds and says what is wrong with it.
#pragma once

#include "commands/environment.h"
#include "commands/home.h"
#include "commands/outcome.h"

namespace certferry::commands {

struct DoctorOptions {
  // First mends what can be mended without losing anything: who may read keys, what is live, what interrupted commands
  // left behind. Needs a home opened for writing.
  bool repair = false;
};
// Without repair it changes nothing. Fails with the first fatal finding.
[[nodiscard]] Outcome examine_home(Environment& environment, Home& home, const DoctorOptions& options);

}  // namespace certferry::commands
