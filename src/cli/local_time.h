// Civil time in the zone of the environment ($TZ, else the system's).
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"

namespace certferry::cli {

// A date and time of day without a zone, as seconds since 1970-01-01T00:00:00 of the same calendar.
using CivilTime = std::chrono::local_seconds;

// Every instant that local clocks show as `civil`, in order: one as a rule, none in the hour that is skipped in spring,
// two in the hour that is repeated in autumn.
[[nodiscard]] std::vector<Time> instants_of(CivilTime civil);
// Seconds east of UTC at `time`.
[[nodiscard]] std::chrono::seconds offset_at(Time time);
// RFC 3339 with the local offset: "2030-07-31T08:00:00+02:00".
[[nodiscard]] std::string local_rfc3339(Time time);
// For people: "2030-07-31 08:00:00 CEST (2030-07-31T06:00:00Z)".
[[nodiscard]] std::string show_time(Time time);

}  // namespace certferry::cli
