// A relay: stands between the store and the computers of a fleet.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "relay/follower.h"

namespace certferry::relay {

struct ServerOptions {
  std::vector<std::string> listen;  // "host:port"; port 0: any
  std::string certificate;          // PEM, the fleet's CA's (seal/certificates.h)
  Secret key;                       // PEM
};

// Holds no secret but its own TLS key: private keys pass through it sealed. Serves ten thousand computers with a few
// threads.
class Server {
 public:
  // Serves when it returns. `clock` and what `open` and `log` need live longer. Errors of the store; CF2309 it cannot listen there;
  // CF2310 its key or certificate is of no use.
  [[nodiscard]] static Result<std::unique_ptr<Server>> start(ServerOptions options, const OpenStore& open,
                                                             const Clock& clock, const Log& log);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  // Ends every connection, within seconds.
  virtual ~Server() = default;
  // In the order of `listen`.
  [[nodiscard]] virtual std::vector<int> ports() const = 0;
  // How many computers follow.
  [[nodiscard]] virtual std::size_t computers() const = 0;

 protected:
  Server() = default;
};

}  // namespace certferry::relay
