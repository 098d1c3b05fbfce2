// Set-CsCertificate: a stored certificate is assigned to types.
#pragma once

#include <optional>
#include <string>

#include "commands/assign.h"
#include "commands/environment.h"
#include "commands/home.h"
#include "commands/outcome.h"

namespace certferry::commands {

struct SetOptions {
  std::string thumbprint;               // or its beginning, or a SHA-256
  std::string types;                    // as written
  std::optional<std::string> identity;  // scope; nothing: this computer
  Timing timing;
  bool accept_incomplete_chain = false;
  bool confirm = false;
  bool what_if = false;
};

[[nodiscard]] Outcome set_certificate(Environment& environment, Home& home, const SetOptions& options);

}  // namespace certferry::commands
