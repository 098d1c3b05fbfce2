// On a computer of a fleet: what came for it is verified, opened, and becomes what its own store says.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "commands/environment.h"
#include "commands/frame.h"
#include "commands/home.h"

namespace certferry::commands {

// A manifest came, and the key that it needs did not yet.
inline constexpr std::string_view kKeyNotSealed = "CF1775";

// A clock that is behind the store's, or behind a statement's, by more is not believed.
inline constexpr std::chrono::minutes kClockMayBeOff{5};

struct Taken {
  std::vector<std::string> changed;  // types
};

// `entries`: keys of fleet/store_keys.h with what a store, a relay or a file gave for them. Nothing of it is believed: each
// statement must be signed by somebody who may say so, for this computer, and not be older than what was taken before; each key
// must open here and be its certificate's. What one entry fails in keeps no other from being taken; the first failure is the
// result then, and each is a finding. Certificate, key, assignment and what was taken are one commit, then the disk is
// brought to it. May be killed anywhere and run again. CF2407 where the clock cannot be believed.
[[nodiscard]] Result<Taken> take_over(Environment& environment, Home& home,
                                      const std::map<std::string, std::string>& entries, Frame& frame);

}  // namespace certferry::commands
