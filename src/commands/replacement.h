// An emergency replacement as the store keeps it, so that another run can go on with it: pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "fleet/scope.h"

namespace certferry::commands {

// An assignment that serves an affected certificate, and what it shall serve; SHA-256, lower-case hex.
struct ReplacedUse {
  fleet::Scope scope;
  std::string type, before, after;
  bool operator==(const ReplacedUse&) const = default;
};

struct Replacement {
  enum class State { kRunning, kPaused, kFailed, kDone, kAborted };
  std::string id;  // its beginning, "20261124T081500Z"
  std::string reason;  // "issued by Litware CA"
  Time begun{};
  std::vector<ReplacedUse> uses;
  std::vector<std::vector<std::string>> waves;  // fqdns; the last one is everybody else
  std::size_t done = 0;   // waves whose computers said that they serve the new one
  std::size_t begun_waves = 0;  // waves whose assignments are in the store
  State state = State::kRunning;
  bool operator==(const Replacement&) const = default;
};
// "running", "paused", "failed", "done", "aborted".
[[nodiscard]] std::string_view name_of(Replacement::State state);

inline constexpr std::string_view kReplacementKeys = "replacements/";

// `waves`: how many are to have it at the end of each wave, "1,10%,100%": numbers or shares of all, growing; what is missing of all is a last
// wave. No wave is empty but where there is nobody. CF2415 (kUsage).
[[nodiscard]] Result<std::vector<std::vector<std::string>>> make_waves(std::vector<std::string> computers,
                                                                       std::string_view waves);

[[nodiscard]] std::string to_json(const Replacement& replacement);
// CF1710 where it cannot be read.
[[nodiscard]] Result<Replacement> replacement_from_json(std::string_view json);

}  // namespace certferry::commands
