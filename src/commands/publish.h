// What the store says of the fleet's computers, signed and sealed so that they can act upon it.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/finding.h"
#include "base/result.h"
#include "commands/environment.h"
#include "commands/home.h"

namespace certferry::commands {

struct Published {
  std::vector<std::string> actions;  // sentences
  Findings findings;                 // of certificates that cannot be sent, and computers that are not believed
};

// Where the home has an administrator's key: seals the keys of every assignment to each active computer that shall have
// it (but this one) and lacks it, then signs a manifest for each assignment that changed; takes back what was sealed to those
// who shall not have it any more. Sealed keys are committed before the manifest that makes them needed, so that it may be
// killed anywhere and run again: nothing is done twice. Goes on with the fleet's heartbeats (commands/heartbeat.h).
// Other homes: does nothing. `cmdlet`: what the manifests say was
// run. Errors of seal/ and store/.
[[nodiscard]] Result<Published> publish(Environment& environment, Home& home, std::string_view cmdlet, Time now);

// Where several homes share a store, each has the keys that were imported there. Another one's statement that a computer joined,
// moved or changed its keys is an order to whoever has the keys: seals them to the computers that lack them, as far as a manifest
// that holds for that computer wants it. Signs nothing: what the store says beyond signed manifests counts for nothing here.
[[nodiscard]] Result<Published> reseal(Environment& environment, Home& home, Time now);

}  // namespace certferry::commands
