// `certferry audit [list|verify]`: who changed what, and whether that record is whole.
#pragma once

#include "commands/environment.h"
#include "commands/home.h"
#include "commands/outcome.h"

namespace certferry::commands {

[[nodiscard]] Outcome list_audit(Environment& environment, Home& home);
[[nodiscard]] Outcome verify_audit(Environment& environment, Home& home);

}  // namespace certferry::commands
