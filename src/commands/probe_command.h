// `certferry probe`: asks a live service which certificate it serves, on each of its addresses.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "commands/environment.h"
#include "commands/outcome.h"

namespace certferry::commands {

struct ProbeOptions {
  std::string endpoint;                    // "HOST:PORT"
  std::string starttls;                    // a protocol's name; empty: TLS at once
  std::optional<std::string> server_name;  // nothing: the host, if it is a name; empty: none
  std::string key_kind;                    // "rsa", "ecdsa"; empty: either
  std::chrono::seconds limit{10};
};

// Needs no store and no right. JSON as docs/formats/probe.md says. Fails with the error of the first address where none
// answers, with CF1785 (kPartly) where some do.
[[nodiscard]] Outcome probe_service(Environment& environment, const ProbeOptions& options);

}  // namespace certferry::commands
