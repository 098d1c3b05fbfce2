// Import-CsCertificate: a file is read, explained, judged, stored, and, with -Identity, assigned.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "commands/assign.h"
#include "commands/environment.h"
#include "commands/home.h"
#include "commands/outcome.h"

namespace certferry::commands {

struct ImportOptions {
  std::string path;
  const Secret* password = nullptr;  // borrowed; null: none was given
  std::string select;                // thumbprint, where the file holds several
  std::optional<std::string> identity;  // scope: the central set
  std::string types;                    // as written, separated by commas
  Timing timing;
  std::optional<bool> exportable;  // nothing: what is stored, else the config's default
  std::vector<std::string> trust;  // files of anchors
  bool require_trust = false;
  bool accept_incomplete_chain = false;
  bool confirm = false;
  bool what_if = false;
};

// Plans and, unless what_if, applies. Another command at the same time makes it plan again a few times.
[[nodiscard]] Outcome import_certificate(Environment& environment, Home& home, const ImportOptions& options);

}  // namespace certferry::commands
