// `certferry topology`: which computers a fleet has, where they are, what serves them, and whether it does.
#pragma once

#include <string>

#include "commands/environment.h"
#include "commands/home.h"
#include "commands/outcome.h"

namespace certferry::commands {

// As a tree; with `output` also as a picture in that file: an SVG, or a page (.html). CF2410 where the name says neither.
[[nodiscard]] Outcome show_topology(Environment& environment, Home& home, const std::string& output);
// Writes fleet/topology_file.h's form.
[[nodiscard]] Outcome export_topology(Environment& environment, Home& home, const std::string& path);

struct TopologyImport {
  std::string path;
  bool prune = false;  // computers that are not in the file are removed
  bool confirm = false;
  bool what_if = false;
};
// Brings the computers that have joined to where the file says they are, one after the other: killed in between, the next run goes on.
// Those that have not joined are named with the command that lets them. CF1934, CF2413.
[[nodiscard]] Outcome import_topology(Environment& environment, Home& home, const TopologyImport& options);

}  // namespace certferry::commands
