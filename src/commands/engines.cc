#include "commands/engines.h"

namespace certferry::commands {

Result<const Engines*> engines_of(const Environment& environment) {
  if (environment.engines) return environment.engines;
  return fail(ErrorKind::kFailed, "CF2401", "this program talks to no relays and no devices",
              "install the program certferry-fleet beside certferry");
}

}  // namespace certferry::commands
