#include "store/etcd/testing/cutting_proxy.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <stdexcept>
#include <string_view>

namespace certferry::store::testing {
namespace {

// HTTP/2 frames: a length of three octets, a type (0: DATA, 1: HEADERS), nine octets of head in all.
constexpr std::size_t kFrameHead = 9;

// Whether frames of a call are among these; else they keep the connection going (SETTINGS, PING, WINDOW_UPDATE).
bool holds_call(std::string_view octets) {
  while (octets.size() >= kFrameHead) {
    const auto octet = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(octets[i])); };
    if (octet(3) <= 1) return true;
    octets.remove_prefix(std::min(octets.size(), kFrameHead + (octet(0) << 16 | octet(1) << 8 | octet(2))));
  }
  return false;
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

CuttingProxy::CuttingProxy(std::uint16_t target)
    : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), wakeup_(::eventfd(0, EFD_CLOEXEC)), target_(target) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_.get(), 8) != 0 ||
      ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("the proxy cannot listen");
  port_ = ntohs(address.sin_port);
  thread_ = std::jthread([this] { run(); });
}

CuttingProxy::~CuttingProxy() { ::eventfd_write(wakeup_.get(), 1); }

void CuttingProxy::lose_next_answer(std::function<void()> meanwhile) {
  meanwhile_ = std::move(meanwhile);
  asked_ = false;
  armed_ = true;
}

bool CuttingProxy::copy(int client, int server) {
  std::array<pollfd, 3> wanted = {pollfd{wakeup_.get(), POLLIN, 0}, pollfd{client, POLLIN, 0},
                                  pollfd{server, POLLIN, 0}};
  if (::poll(wanted.data(), wanted.size(), -1) < 0 || wanted[0].revents != 0) return false;
  std::array<char, 65'536> buffer;
  for (const auto& [from, to] : {std::pair(1, server), std::pair(2, client)}) {
    if (wanted[static_cast<std::size_t>(from)].revents == 0) continue;
    const ssize_t size = ::recv(from == 1 ? client : server, buffer.data(), buffer.size(), 0);
    if (size <= 0) return false;
    const std::string_view octets(buffer.data(), static_cast<std::size_t>(size));
    if (armed_ && from == 1 && holds_call(octets)) asked_ = true;
    if (armed_ && from == 2 && asked_ && holds_call(octets)) {
      meanwhile_();
      lost_ = true;
      return false;
    }
    if (::send(to, octets.data(), octets.size(), MSG_NOSIGNAL) != size) return false;
  }
  return true;
}

void CuttingProxy::run() {
  while (!lost_) {
    std::array<pollfd, 2> wanted = {pollfd{wakeup_.get(), POLLIN, 0}, pollfd{listener_.get(), POLLIN, 0}};
    if (::poll(wanted.data(), wanted.size(), -1) < 0 || wanted[0].revents != 0) return;
    const Descriptor client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const Descriptor server(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address = loopback(target_);
    if (::connect(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) continue;
    while (copy(client.get(), server.get())) {
    }
  }
  listener_.reset();
}

}  // namespace certferry::store::testing
