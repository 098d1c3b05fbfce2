#include "commands/connections.h"

#include "commands/bindings.h"

namespace certferry::commands {

Result<std::vector<Connection>> connections_of(const std::vector<deploy::Binding>& bindings, const std::string& type,
                                               const std::vector<std::string>& names) {
  std::vector<Connection> connections;
  for (const deploy::Binding& binding : bindings) {
    if (!binding.takes(type)) continue;
    for (const deploy::BoundProbe& asked : binding.probes) {
      CERTFERRY_ASSIGN(std::vector<probe::Target> targets, probe_targets(asked, names));
      for (probe::Target& target : targets) connections.push_back({type, binding.name, std::move(target)});
    }
  }
  return connections;
}

std::vector<Seen> ask(std::vector<Connection> connections, const Clock& clock) {
  std::vector<probe::Target> targets;
  targets.reserve(connections.size());
  for (const Connection& connection : connections) targets.push_back(connection.target);
  auto answers = probe::probe_many(targets, probe::kDefaultConcurrency, clock);
  std::vector<Seen> seen;
  seen.reserve(connections.size());
  for (std::size_t i = 0; i < connections.size(); ++i)
    seen.push_back({std::move(connections[i]), std::move(answers[i])});
  return seen;
}

}  // namespace certferry::commands
