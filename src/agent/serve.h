// `certferry serve`: a relay, until somebody ends it.
#pragma once

#include <string>
#include <vector>

#include "agent/agent.h"
#include "commands/environment.h"

namespace certferry::agent {

struct ServeOptions {
  std::vector<std::string> listen;  // "host:port"; empty: every address, port 7443
  std::vector<std::string> relays;  // how computers reach it; empty: the computer's own name and the port it listens at
};

// Serves the store of the home until SIGTERM or SIGINT. Errors of relay_setup.h and of relay::Server::start.
[[nodiscard]] Result<> run_relay(commands::Environment& environment, const std::string& home,
                                 const ServeOptions& options, const Log& log);

}  // namespace certferry::agent
