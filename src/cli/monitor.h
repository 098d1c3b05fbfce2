// `certferry status --monitor`: what monitoring systems want of a plugin (monitoring-plugins.org, development guidelines).
#pragma once

#include <string>

#include "commands/outcome.h"

namespace certferry::cli {

struct Monitored {
  int code = 3;  // 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN
  std::string
      line;  // "CERTFERRY WARNING - Default ends in 6 days | 'Default'=0.07;0.2:;0.05:;0;1 …": one line, no terminal escapes
};

// Of the answer of `certferry status`. CRITICAL: a connection does not serve what is assigned, a certificate is over or has less
// than a twentieth of its life left with nothing to come, a computer of the fleet failed, nothing is heard of the fleet. WARNING: less
// than a fifth is left with nothing to come, computers are behind or silent. UNKNOWN: the status cannot be told, or nothing is
// assigned.
[[nodiscard]] Monitored monitored(const commands::Outcome& status);

}  // namespace certferry::cli
