// What relays, and those who talk to them, need of a home.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "commands/environment.h"
#include "commands/fleet_files.h"
#include "commands/home.h"
#include "relay/client.h"
#include "relay/server.h"

namespace certferry::commands {

inline constexpr int kRelayPort = 7443;

// "host:port"; a port alone is given to no host, a host alone gets kRelayPort. CF2402 (kUsage).
struct RelayAddress {
  std::string host;
  int port = kRelayPort;
  [[nodiscard]] std::string text() const;
};
[[nodiscard]] Result<RelayAddress> parse_relay(std::string_view text);

// The relay's key and certificate, for the hosts of `relays`. Where the certificate is missing, for other names, or has less
// than a third of its life left, the root's key makes a new one: CF2403 where that is not here.
[[nodiscard]] Result<relay::ServerOptions> relay_credentials(Environment& environment, const Home& home,
                                                             const std::vector<RelayAddress>& relays, Time now);

// Says in the store that the relay serves, which need not be the home's own (store_place.h), where it is. Nothing happens where that
// is known.
[[nodiscard]] Result<> announce_relay(const Home& home, const std::vector<RelayAddress>& relays);
// "host:port" of every relay that said so.
[[nodiscard]] Result<std::vector<std::string>> announced_relays(store::Store& store);

// A client of the relays of `membership`, as its computer, with that identity key of the home. CF2401, CF2313.
[[nodiscard]] Result<std::unique_ptr<relay::Client>> connect_to_relays(Environment& environment,
                                                                       const std::string& home,
                                                                       const fleet::Membership& membership,
                                                                       std::function<void()> changed,
                                                                       FleetKey identity = FleetKey::kIdentity);

}  // namespace certferry::commands
