// The client's side of one TLS handshake over a socket that does not block.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "probe/probe.h"

namespace certferry::probe {

// What all handshakes of a run share. Not for several threads at once.
class TlsSettings {
 public:
  TlsSettings();
  ~TlsSettings();
  TlsSettings(TlsSettings&&) noexcept;

 private:
  friend class TlsSession;
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

class TlsSession {
 public:
  enum class Step { kRead, kWrite, kDone };  // waits until it can read or write; kDone: seen() tells

  // `socket` is connected and stays the caller's; `server_name` may be empty. Errors: CF2003 the name cannot be sent,
  // CF2029.
  [[nodiscard]] static Result<TlsSession> start(TlsSettings& settings, int socket, KeyKind kind,
                                                const std::string& server_name);
  TlsSession(TlsSession&&) noexcept;
  TlsSession& operator=(TlsSession&&) noexcept;
  ~TlsSession();

  // Goes on as far as it can. Errors: CF2020 to CF2030 as in probe.h, not naming the server.
  [[nodiscard]] Result<Step> advance();
  // After CF2020: what came in place of TLS.
  [[nodiscard]] const std::string& plain_text() const;
  // The handshake is complete; what is still waited for is only whether the server takes that it got no client
  // certificate. Running out of time is no failure then.
  [[nodiscard]] bool proved() const;

  // Once proved: chain, protocol, cipher and client_certificate; the rest is the caller's. Error: CF2026.
  [[nodiscard]] Result<Served> seen() const;

 private:
  struct State;
  explicit TlsSession(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace certferry::probe
