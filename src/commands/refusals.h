// What a store, a relay or a file had for this computer and was refused: forged, swapped, played again.
#pragma once

#include "base/clock.h"
#include "base/finding.h"
#include "base/result.h"
#include "commands/environment.h"
#include "commands/home.h"

namespace certferry::commands {

// Puts those of `findings` that are refusals (not: a wrong clock, a disk) into the audit, as one record that ended "refused". Not the
// same twice in a row, and at most one in a minute, so that whoever forges cannot fill the disk; logs have them all.
[[nodiscard]] Result<> record_refusals(Environment& environment, Home& home, const Findings& findings, Time now);

}  // namespace certferry::commands
