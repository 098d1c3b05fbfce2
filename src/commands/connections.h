// The connections of this computer's bindings, and what each is seen to serve.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "deploy/binding.h"
#include "probe/probe.h"

namespace certferry::commands {

// Plain value.
struct Connection {
  std::string type;
  std::string service;  // the binding's name
  probe::Target target;
};

struct Seen {
  Connection connection;
  Result<probe::Served> answer;
};

// Those of every binding that takes `type`, each as often as its [[probe]] says. `names` as of probe_targets(), whose
// errors these are.
[[nodiscard]] Result<std::vector<Connection>> connections_of(const std::vector<deploy::Binding>& bindings,
                                                             const std::string& type,
                                                             const std::vector<std::string>& names);

// Asks them, many at once; in their order.
[[nodiscard]] std::vector<Seen> ask(std::vector<Connection> connections, const Clock& clock);

}  // namespace certferry::commands
