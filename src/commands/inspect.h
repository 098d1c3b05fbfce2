// `certferry inspect`: explains a file and judges what is in it; stores nothing.
#pragma once

#include <string>

#include "base/secret.h"
#include "commands/environment.h"
#include "commands/outcome.h"
#include "fleet/config.h"

namespace certferry::commands {

struct InspectOptions {
  std::string path;
  const Secret* password = nullptr;  // borrowed
};

// Looks at no store. JSON as docs/formats/inspect.md says; it fails (exit 5) where the outcome is not "ok".
[[nodiscard]] Outcome inspect_file(Environment& environment, const fleet::Config& config,
                                   const InspectOptions& options);

}  // namespace certferry::commands
