// Servers that misbehave: a function for each connection, on a thread of its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/descriptor.h"

namespace certferry::probe::testing {

// One accepted connection. Reading and writing end when the other side or the test does.
class Peer {
 public:
  Peer(int socket, const std::atomic<bool>& ends) : socket_(socket), ends_(ends) {}

  // False: the connection is over.
  bool send(std::string_view text) const;
  // Whatever comes first; empty: over.
  [[nodiscard]] std::string read() const;
  // Until the other side goes.
  void drain() const;
  // Sends `text` again and again, `pause_ms` apart, until the other side goes.
  void repeat(std::string_view text, int pause_ms = 0) const;
  void reset() const;  // ends the connection with a RST
  [[nodiscard]] int socket() const { return socket_; }

 private:
  int socket_;
  const std::atomic<bool>& ends_;
};

// Listens on a port of 127.0.0.1.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::function<void(const Peer&)> script);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  void accept_all();

  std::function<void(const Peer&)> script_;
  std::atomic<bool> ends_ = false;
  std::uint16_t port_ = 0;  // before socket_, whose making sets it
  Descriptor socket_;
  std::jthread thread_;  // last: it uses the others
};

// A listening socket whose queue is full: attempts to connect are not answered.
class FullQueue {
 public:
  FullQueue();
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  Descriptor socket_;
  std::vector<Descriptor> queued_;
  std::uint16_t port_ = 0;
};

// Passes a connection on to 127.0.0.1:`port`, with `from` replaced by `to` (of the same length) in what the server sends.
[[nodiscard]] std::function<void(const Peer&)> tampering_proxy(std::uint16_t port, std::string from, std::string to);

}  // namespace certferry::probe::testing
