// `certferry check`: validates a certification path; stores nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "commands/environment.h"
#include "commands/outcome.h"
#include "fleet/config.h"

namespace certferry::commands {

struct CheckOptions {
  std::string path;
  const Secret* password = nullptr;    // borrowed
  std::string select;
  std::vector<std::string> trust;      // files
  std::vector<std::string> untrusted;  // files
  std::vector<std::string> crls;       // files
  std::vector<std::string> names;      // DNS names or IP addresses
  std::optional<Time> at;              // nothing: now
  std::string types;                   // as written; empty: none
  std::string purpose;                 // "serverAuth", "clientAuth", "any"; empty: that of the types, else any
  std::optional<std::size_t> max_depth;
  bool only_path = false;
};

// JSON {"schema":1,"valid":…,"path":[…],"findings":[…],"error":…}, also for input that cannot be read; fails with the
// first fatal finding (exit 5).
[[nodiscard]] Outcome check_file(Environment& environment, const fleet::Config& config, const CheckOptions& options);

}  // namespace certferry::commands
