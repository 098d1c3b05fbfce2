// On a computer of a fleet: what it had from the fleet and shall not have any more goes, keys first of all.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "commands/environment.h"
#include "commands/home.h"
#include "store/store.h"

namespace certferry::commands {

// Statements that were taken, as they came: what comes later must follow them. Those of scopes that the computer left are
// kept apart: when it returns, an older one is still a replay.
inline constexpr std::string_view kHeldKeys = "held/";
inline constexpr std::string_view kLeftKeys = "left/";

// Marks that a certificate came from the fleet and was not here before: `batch` puts it.
void mark_as_fleets(store::Batch& batch, std::string_view sha256);

// Unassigns what was taken for scopes that this computer is not in any more and types that it hosts no more: the types. What
// serves them is taken away by the next reconcile().
[[nodiscard]] Result<std::vector<std::string>> leave_scopes(Home& home, Time now);

// After reconcile(): removes the certificates and keys that came from the fleet and that nothing assigned here names, from the
// disk and the store, and the generations of types that nothing serves. Returns what was removed, SHA-256. Killed anywhere
// and run again, it ends.
[[nodiscard]] Result<std::vector<std::string>> drop_unneeded(Environment& environment, Home& home);

}  // namespace certferry::commands
