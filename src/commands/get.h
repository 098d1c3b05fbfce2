// Get-CsCertificate: what is assigned, here or in a scope; with `all` what is stored as well.
#pragma once

#include <optional>
#include <string>

#include "commands/environment.h"
#include "commands/home.h"
#include "commands/outcome.h"

namespace certferry::commands {

struct GetOptions {
  std::string types;                    // as written; empty: every type
  std::optional<std::string> identity;  // nothing: what this computer uses
  bool all = false;
  bool table = true;  // people will look at it; false spares reading every record
};

// With an identity, where a fleet is administered, also what the computers said of it (await.h).
// JSON: {"schema":1,"certificates":[…]} as docs/formats/get.md says.
[[nodiscard]] Outcome get_certificates(Environment& environment, Home& home, const GetOptions& options);

}  // namespace certferry::commands
