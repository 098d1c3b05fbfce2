// A computer's way to its fleet: one of several relays, another one when that fails.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace certferry::relay {

struct ClientOptions {
  std::vector<std::string> relays;  // "host:port", in the order to try them; at least one
  std::string fqdn;
  std::string anchor;    // PEM of what the relays' certificates must lead to
  std::string identity;  // PEM of the certificates to show (seal/certificates.h); empty for join() alone
  Secret identity_key;   // PEM
};

// Any number of threads. Has none of its own: gRPC's call back.
class Client {
 public:
  using Entries = std::map<std::string, std::string>;
  struct State {
    bool connected = false;          // an update came on this connection
    std::string relay;               // the one that is, or was last, asked
    std::optional<Error> trouble;    // CF2311, CF2312: why there is no connection
  };

  // `changed` is called on a thread of gRPC whenever entries() or state() may be other ones; it must not call the client.
  // CF2313 (kUsage) where no relay is named.
  [[nodiscard]] static Result<std::unique_ptr<Client>> make(ClientOptions options, std::function<void()> changed);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  // Returns when nothing will call back any more.
  virtual ~Client() = default;

  // From then on it follows: a dead relay is left within ten seconds, one that is shut down at once; tries go on for ever, at
  // last every five seconds. Once.
  virtual void follow() = 0;
  // What the relays have for this computer, from a moment when it was complete; nothing before the first such. It stays while
  // there is no connection.
  [[nodiscard]] virtual std::optional<Entries> entries() const = 0;
  [[nodiscard]] virtual State state() const = 0;

  // Wait for an answer, at most five seconds for each relay. CF2311 where none could be asked, CF2312 where one refused.
  [[nodiscard]] virtual Result<> report(const std::string& statement) = 0;
  // Whether the token allows it; else an administrator has to approve the computer.
  [[nodiscard]] virtual Result<bool> join(const std::string& statement) = 0;

 protected:
  Client() = default;
};

}  // namespace certferry::relay
