// Remove-CsCertificate: takes a certificate out of use; it stays in the store.
#pragma once

#include <optional>
#include <string>

#include "commands/environment.h"
#include "commands/home.h"
#include "commands/outcome.h"

namespace certferry::commands {

struct RemoveOptions {
  std::string types;                    // as written; empty: every type that the scope has
  std::optional<std::string> identity;  // nothing: this computer
  bool previous = false;                // the previous certificate alone
  bool force = false;                   // does not ask although it is in use
  bool confirm = false;
  bool what_if = false;
};

[[nodiscard]] Outcome remove_certificate(Environment& environment, Home& home, const RemoveOptions& options);

}  // namespace certferry::commands
