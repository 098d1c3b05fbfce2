// `certferry roll list|now|cancel` and `certferry rollback`: what becomes of a certificate that waits for its date, and
// the way back.
#pragma once

#include <optional>
#include <string>

#include "commands/environment.h"
#include "commands/home.h"
#include "commands/outcome.h"

namespace certferry::commands {

enum class RollAction {
  kNow,  // the staged one is used at once
  kCancel,  // it is given up
  kBack,  // the previous one is used again
};

struct RollOptions {
  RollAction action = RollAction::kNow;
  std::string types;  // as written
  std::optional<std::string> identity;  // nothing: this computer
  bool accept_short_overlap = false;  // of kNow
  bool confirm = false;
  bool what_if = false;
};

[[nodiscard]] Outcome change_roll(Environment& environment, Home& home, const RollOptions& options);

// What waits for its date, in every scope, the nearest first.
[[nodiscard]] Outcome list_rolls(Environment& environment, Home& home);

}  // namespace certferry::commands
