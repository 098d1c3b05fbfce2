// One target on its way: addresses, connection, the words before TLS, handshake, answer.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/descriptor.h"
#include "base/result.h"
#include "probe/probe.h"
#include "probe/starttls.h"
#include "probe/tls_session.h"

namespace certferry::probe {

// Never blocks; driven by whoever polls. Times are Clock::monotonic's.
class Connection {
 public:
  using Instant = std::chrono::nanoseconds;

  // `settings` and `target` outlive this; `addresses` as from resolve(), at least one.
  Connection(TlsSettings& settings, const Target& target, std::vector<std::string> addresses);

  // Opens the first socket. False: the process may not open more files now; call it again when others are closed.
  [[nodiscard]] bool start(Instant now);
  // Goes on after the socket became ready or the deadline passed.
  void advance(Instant now);

  [[nodiscard]] bool finished() const { return outcome_.has_value(); }
  [[nodiscard]] Result<Served> take() { return std::move(*outcome_); }
  // What to poll for.
  [[nodiscard]] int socket() const { return socket_.get(); }
  [[nodiscard]] bool wants_to_write() const { return writes_; }
  [[nodiscard]] Instant deadline() const { return deadline_; }

 private:
  enum class Phase { kConnecting, kTalking, kHandshake };
  enum class Opened { kYes, kNoFiles };

  Opened open_socket(Instant now);
  void connect_failed(int error, Instant now);
  void connected();
  void talk();
  void talk_ended(int error);
  void begin_tls();
  void handshake(Instant now);
  void timed_out(Instant now);
  void finish();
  // Tells the target in the error's message.
  void fail_with(Error error);
  [[nodiscard]] std::string where() const;

  TlsSettings& settings_;
  const Target& target_;
  std::vector<std::string> addresses_;
  std::size_t address_ = 0;
  std::string server_name_;
  Phase phase_ = Phase::kConnecting;
  Descriptor socket_;
  bool writes_ = true;
  Instant began_{0};
  Instant end_{0};  // of the whole
  Instant deadline_{0};  // of what is waited for
  std::unique_ptr<Dialogue> dialogue_;
  std::string to_send_;
  std::string received_;
  std::size_t received_in_all_ = 0;
  bool tls_after_sending_ = false;
  std::optional<TlsSession> tls_;  // after socket_: it is gone before the socket is closed
  std::optional<Instant> proved_at_;
  std::optional<Result<Served>> outcome_;
};

}  // namespace certferry::probe
