// The parts that talk gRPC or to devices. The program certferry-fleet has them; certferry, which starts in a millisecond, does not, and
// becomes that program where it needs them (cli/fleet_program.h).
#pragma once

#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "commands/environment.h"
#include "relay/client.h"
#include "relay/server.h"
#include "seal/device_key.h"
#include "store/etcd_health.h"
#include "store/etcd_url.h"
#include "store/store.h"

namespace certferry::commands {

struct Engines {
  // relay::Client::make, relay::Server::start.
  std::function<Result<std::unique_ptr<relay::Client>>(relay::ClientOptions, std::function<void()> changed)> connect;
  std::function<Result<std::unique_ptr<relay::Server>>(relay::ServerOptions, const relay::OpenStore&, const Clock&,
                                                       const relay::Log&)>
      serve;
  // store::EtcdStore::open; writing makes the store where there is none.
  std::function<Result<std::unique_ptr<store::Store>>(const store::EtcdUrl&, bool write)> open_etcd = {};
  // store::EtcdStore::purge.
  std::function<Result<std::size_t>(const store::EtcdUrl&, Time now)> purge_etcd = {};
  // store::examine_etcd.
  std::function<Result<store::EtcdHealth>(const store::EtcdUrl&)> examine_etcd = {};
  seal::OpenDeviceKey open_device_key = {};
  seal::MakeDeviceKey make_device_key = {};
};

// CF2401 where this program has none.
[[nodiscard]] Result<const Engines*> engines_of(const Environment& environment);

}  // namespace certferry::commands
