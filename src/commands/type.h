// `certferry type list|show`: the certificate types and their profiles.
#pragma once

#include <string>

#include "commands/environment.h"
#include "commands/outcome.h"
#include "fleet/config.h"

namespace certferry::commands {

[[nodiscard]] Outcome list_types(Environment& environment, const fleet::Config& config);
[[nodiscard]] Outcome show_type(Environment& environment, const fleet::Config& config, const std::string& name);

}  // namespace certferry::commands
