// Planning again where somebody else changed the store between the plan and its commit.
#pragma once

#include "base/result.h"

namespace certferry::commands {

// Calls `apply`, and as long as its commit meets another one (CF1501), `plan` and then `apply` again, a few times.
template <typename Plan, typename Apply>
[[nodiscard]] Result<> apply_or_plan_again(Plan plan, Apply apply) {
  constexpr int kAttempts = 20;
  for (int attempt = 1;; ++attempt) {
    Result<> done = apply();
    if (done || done.error().id != "CF1501" || attempt == kAttempts) return done;
    CERTFERRY_TRY(plan());
  }
}

}  // namespace certferry::commands
