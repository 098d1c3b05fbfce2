// A computer that hears nothing new cannot know whether there is nothing, or whether somebody keeps it from it. So the fleet says
// from time to time that it is there.
#pragma once

#include <chrono>
#include <optional>

#include "base/clock.h"
#include "base/finding.h"
#include "base/result.h"
#include "commands/environment.h"
#include "commands/home.h"

namespace certferry::commands {

inline constexpr std::chrono::minutes kHeartbeatEvery{30};
inline constexpr std::chrono::hours kSilenceAlarms{2};

// kStart is the agent's alone: it will go on with it. A fleet that is administered by commands now and then has none.
enum class Heartbeats { kGoOn, kStart };
// Where the home has an administrator's key: signs a new one where the last one is older than kHeartbeatEvery, or later than
// now. When the next one is due; nothing where this home says none.
[[nodiscard]] Result<std::optional<Time>> renew_heartbeat(Environment& environment, Home& home, Heartbeats how,
                                                          Time now);

// On a computer of a fleet: CF1753 where the last heartbeat that it took is older than kSilenceAlarms.
struct Silence {
  std::optional<Finding> alarm;
  std::optional<Time> alarms_at;  // where nothing is heard till then
};
[[nodiscard]] Result<Silence> silence(Environment& environment, Home& home, Time now);

}  // namespace certferry::commands
