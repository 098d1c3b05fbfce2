// The bindings of this computer: which services take which types.
#pragma once

#include <vector>

#include "base/result.h"
#include "commands/environment.h"
#include "commands/home.h"
#include "deploy/binding.h"
#include "probe/probe.h"

namespace certferry::commands {

// Those that an administrator put into the home's folder of bindings. The built-in ones are patterns: they bind nothing
// until they lie there. Errors of deploy/binding_set.h.
[[nodiscard]] Result<std::vector<deploy::Binding>> load_bindings(Environment& environment, const Home& home);

// The connections that a [[probe]] asks for: every address of its host, every name, every kind of key, several times.
// `names`: of the certificate, for probes that name none; those with a wildcard are left out. Errors of probe/resolve.h.
[[nodiscard]] Result<std::vector<probe::Target>> probe_targets(const deploy::BoundProbe& asked,
                                                               const std::vector<std::string>& names);

}  // namespace certferry::commands
