#include "agent/serve.h"

#include <signal.h>
#include <sys/resource.h>

#include "commands/engines.h"
#include "commands/fleet_members.h"
#include "commands/relay_setup.h"

namespace certferry::agent {
namespace {

using commands::RelayAddress;

Result<std::vector<RelayAddress>> parse_all(const std::vector<std::string>& texts) {
  std::vector<RelayAddress> all;
  for (const std::string& text : texts) {
    CERTFERRY_ASSIGN(RelayAddress one, commands::parse_relay(text));
    all.push_back(std::move(one));
  }
  return all;
}

// Before threads are made, so that all of them leave the signals to wait_for_the_end().
sigset_t take_signals() {
  sigset_t taken;
  ::sigemptyset(&taken);
  for (const int signal : {SIGTERM, SIGINT}) ::sigaddset(&taken, signal);
  ::pthread_sigmask(SIG_BLOCK, &taken, nullptr);
  return taken;
}

// A connection each for ten thousand computers, where the administrator's own limit does not say otherwise.
void allow_many_files() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

void wait_for_the_end(const sigset_t& signals) {
  int signal = 0;
  while (::sigwait(&signals, &signal) != 0) {
  }
}

}  // namespace

Result<> run_relay(commands::Environment& environment, const std::string& path, const ServeOptions& options,
                   const Log& log) {
  CERTFERRY_ASSIGN(const commands::Engines* const engines, commands::engines_of(environment));
  // Before a store on etcd starts threads.
  const sigset_t signals = take_signals();
  CERTFERRY_ASSIGN(commands::Home home, commands::Home::open(path, commands::Home::Access::kWrite, environment));
  if (!home.membership()) return std::unexpected(commands::no_fleet());
  CERTFERRY_ASSIGN(std::vector<RelayAddress> listen, parse_all(options.listen));
  if (listen.empty()) listen = {{"::", commands::kRelayPort}};
  CERTFERRY_ASSIGN(std::vector<RelayAddress> relays, parse_all(options.relays));
  if (relays.empty()) relays = {{home.config().computer.fqdn, listen.front().port}};
  CERTFERRY_ASSIGN(relay::ServerOptions server,
                   commands::relay_credentials(environment, home, relays, environment.clock.now()));
  for (const RelayAddress& one : listen) server.listen.push_back(one.text());
  CERTFERRY_TRY(commands::announce_relay(home, relays));
  allow_many_files();
  CERTFERRY_ASSIGN(const std::unique_ptr<relay::Server> running,
                   engines->serve(std::move(server), home.store_opener(), environment.clock, log));
  std::string places;
  for (const RelayAddress& one : listen) places += (places.empty() ? "" : ", ") + one.text();
  log(Severity::kInfo, "the relay of " + path + " is ready at " + places);
  wait_for_the_end(signals);
  log(Severity::kInfo, "the relay ends");
  return {};
}

}  // namespace certferry::agent
