// A topology as TOML, to be kept and edited beside other configuration:
//
//   [[computers]]
//   fqdn = "web01.example.com"
//   site = "Redmond"            # left out: in none
//   pool = "web.example.com"    # left out: in none
//   types = ["Default"]         # left out: every type
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "fleet/topology.h"
#include "fleet/type.h"

namespace certferry::fleet {

// Computers in their order; reading it again gives equal ones (but for further names, which are no part of it).
[[nodiscard]] std::string to_toml(const Topology& topology, std::string_view comment);

// `file` is named in errors, with line and column. CF1934: it is not as above: unknown keys, a name twice, a type that nobody knows.
[[nodiscard]] Result<Topology> topology_from_toml(std::string_view text, std::string_view file, const TypeTable& types);

}  // namespace certferry::fleet
