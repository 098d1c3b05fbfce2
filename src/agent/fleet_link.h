// The agent of a computer behind relays: what came is taken over, what became of it is told.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "agent/agent.h"
#include "agent/replay_patience.h"
#include "base/descriptor.h"
#include "commands/environment.h"
#include "commands/home.h"
#include "relay/client.h"

namespace certferry::agent {

// For one thread.
class FleetLink {
 public:
  // Follows the home's relays from then on. Nothing where it belongs to no fleet, or knows no relay.
  [[nodiscard]] static Result<std::unique_ptr<FleetLink>> make(commands::Environment& environment,
                                                               const commands::Home& home, const Log& log);
  FleetLink(const FleetLink&) = delete;
  FleetLink& operator=(const FleetLink&) = delete;

  // Readable when something came, or the connection changed, until look().
  [[nodiscard]] int descriptor() const { return came_->get(); }

  // Takes over what came since the last time, and tells the log. What is refused is told and not looked at again until something
  // else comes: it is the fleet that has to change. The error is one of this computer: to be tried again.
  [[nodiscard]] Result<> look(commands::Environment& environment, commands::Home& home);
  // Signs and sends what became of it, where that is another thing than was told last on this connection, or was told long ago:
  // whoever is silent is taken for dead. CF2311 where no relay takes it: to be tried again.
  [[nodiscard]] Result<> report(commands::Environment& environment, commands::Home& home);
  // When look() and report() are to be called again although nothing happened.
  [[nodiscard]] std::optional<Time> due() const;

 private:
  FleetLink(std::shared_ptr<Descriptor> came, const Log& log) : came_(std::move(came)), log_(log) {}
  // With the identity key as it is now.
  [[nodiscard]] Result<> connect(commands::Environment& environment, const commands::Home& home);
  void tell_state();
  // To the log, and what was refused to the audit.
  [[nodiscard]] Result<> tell(commands::Environment& environment, commands::Home& home, const Findings& findings) const;

  const std::shared_ptr<Descriptor> came_;  // an eventfd
  const Log& log_;
  std::optional<relay::Client::Entries> taken_;
  ReplayPatience patience_;
  std::optional<fleet::Status> told_;  // on this connection
  std::string state_;  // of the connection, as the log knows it
  std::uint64_t identity_ = 0;  // commands::identity_mark() when client_ was made
  std::unique_ptr<relay::Client> client_;
};

}  // namespace certferry::agent
