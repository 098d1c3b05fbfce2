#include "probe/testing/scripted_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <list>
#include <stdexcept>

namespace certferry::probe::testing {
namespace {

constexpr int kTick = 20;  // how soon a thread sees that the test is over

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

Descriptor tcp_socket(int flags = 0) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  if (!socket.valid()) throw std::runtime_error("no socket");
  return socket;
}

Descriptor listen_somewhere(int queue, std::uint16_t& port) {
  Descriptor socket = tcp_socket();
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(socket.get(), queue) != 0 ||
      ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("cannot listen");
  port = ntohs(address.sin_port);
  return socket;
}

Descriptor connect_to(std::uint16_t port, int flags = 0) {
  Descriptor socket = tcp_socket(flags);
  const sockaddr_in address = loopback(port);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && !flags)
    throw std::runtime_error("cannot connect");
  return socket;
}

bool ready(int socket, short events, const std::atomic<bool>& ends) {
  while (!ends) {
    pollfd polled{socket, events, 0};
    if (::poll(&polled, 1, kTick) > 0) return true;
  }
  return false;
}

}  // namespace

bool Peer::send(std::string_view text) const {
  while (!text.empty()) {
    if (!ready(socket_, POLLOUT, ends_)) return false;
    const ssize_t sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) return false;
    if (sent > 0) text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string Peer::read() const {
  std::array<char, 16384> chunk;
  if (!ready(socket_, POLLIN, ends_)) return {};
  const ssize_t got = ::recv(socket_, chunk.data(), chunk.size(), 0);
  return {chunk.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
}

void Peer::drain() const {
  while (!read().empty()) {
  }
}

void Peer::repeat(std::string_view text, int pause_ms) const {
  while (!ends_ && send(text)) {
    pollfd polled{socket_, POLLRDHUP, 0};
    if (::poll(&polled, 1, pause_ms) > 0 && (polled.revents & (POLLHUP | POLLERR | POLLRDHUP))) return;
  }
}

void Peer::reset() const {
  const linger now{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

ScriptedServer::ScriptedServer(std::function<void(const Peer&)> script)
    : script_(std::move(script)), socket_(listen_somewhere(512, port_)), thread_([this] { accept_all(); }) {}

ScriptedServer::~ScriptedServer() { ends_ = true; }

void ScriptedServer::accept_all() {
  std::list<std::jthread> connections;
  while (ready(socket_.get(), POLLIN, ends_)) {
    connections.emplace_back([this, peer = Descriptor(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC))] {
      script_(Peer(peer.get(), ends_));
    });
  }
}

FullQueue::FullQueue() {
  socket_ = listen_somewhere(0, port_);
  for (int i = 0; i < 4; ++i) queued_.push_back(connect_to(port_, SOCK_NONBLOCK));
}

std::function<void(const Peer&)> tampering_proxy(std::uint16_t port, std::string from, std::string to) {
  return [port, from = std::move(from), to = std::move(to)](const Peer& client) {
    const std::atomic<bool> never = false;
    const Descriptor socket = connect_to(port);
    const Peer server(socket.get(), never);
    while (true) {
      std::array<pollfd, 2> polled = {{{client.socket(), POLLIN, 0}, {socket.get(), POLLIN, 0}}};
      ::poll(polled.data(), polled.size(), -1);
      if (polled[0].revents) {
        const std::string said = client.read();
        if (said.empty() || !server.send(said)) return;
      }
      if (polled[1].revents) {
        std::string said = server.read();
        if (const std::size_t at = said.find(from); at != std::string::npos) said.replace(at, from.size(), to);
        if (said.empty() || !client.send(said)) return;
      }
    }
  };
}

}  // namespace certferry::probe::testing
