#include "probe/ntp.h"

#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <span>

#include "base/descriptor.h"
#include "probe/resolve.h"

namespace certferry::probe {
namespace {

// RFC 5905 section 7.3.
constexpr std::size_t kPacket = 48;
constexpr std::size_t kOriginate = 24, kTransmit = 40, kTimestamp = 8;
constexpr std::uint8_t kClientVersion4 = 4 << 3 | 3;
constexpr std::uint8_t kModeServer = 4, kNotSynchronised = 3;
// 1900-01-01 to 1970-01-01, and how long the seconds of one era last.
constexpr std::int64_t kUnixEpoch = 2'208'988'800, kEra = std::int64_t{1} << 32;

using Packet = std::array<std::uint8_t, kPacket>;

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

std::unexpected<Error> no_answer(const Endpoint& server) {
  return fail(ErrorKind::kFailed, "CF2031", fmt::format("{}: this NTP server does not answer", to_text(server)),
              "check its name, and that UDP to this port is let through");
}

std::unexpected<Error> no_time(const Endpoint& server, std::string_view why) {
  return fail(ErrorKind::kFailed, "CF2032",
              fmt::format("{}: this NTP server does not tell the time: {}", to_text(server), why),
              "look at its state (chronyc tracking, ntpq -p), or name another server");
}

Descriptor connected(const std::string& address, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return {};
  const std::unique_ptr<addrinfo, FreeAddresses> owner(found);
  Descriptor socket(::socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.valid() || ::connect(socket.get(), found->ai_addr, found->ai_addrlen) != 0) return {};
  return socket;
}

// The transmit time is a random number, which the server gives back: who cannot see the question cannot answer it, and
// it tells nobody what this computer's clock says.
std::optional<Packet> question() {
  Packet packet{};
  packet[0] = kClientVersion4;
  if (::getrandom(packet.data() + kTransmit, kTimestamp, 0) != static_cast<ssize_t>(kTimestamp)) return std::nullopt;
  return packet;
}

std::optional<Packet> exchange(int socket, const Packet& asked, std::chrono::milliseconds limit) {
  if (::send(socket, asked.data(), asked.size(), 0) != static_cast<ssize_t>(asked.size())) return std::nullopt;
  pollfd wanted{socket, POLLIN, 0};
  if (::poll(&wanted, 1, static_cast<int>(limit.count())) <= 0) return std::nullopt;
  Packet answer{};
  if (::recv(socket, answer.data(), answer.size(), 0) != static_cast<ssize_t>(answer.size())) return std::nullopt;
  const bool ours = std::equal(asked.begin() + kTransmit, asked.end(), answer.begin() + kOriginate);
  return ours ? std::optional(answer) : std::nullopt;
}

// Its seconds are counted in eras of 136 years: the one that is nearest to `now` is meant.
std::chrono::seconds offset_of(const Packet& answer, Time now) {
  std::int64_t seconds = 0;
  for (std::size_t i = 0; i < 4; ++i) seconds = seconds << 8 | answer[kTransmit + i];
  seconds -= kUnixEpoch;
  const std::int64_t ours = now.time_since_epoch().count();
  const std::int64_t eras = (ours - seconds + (ours >= seconds ? kEra / 2 : -kEra / 2)) / kEra;
  return std::chrono::seconds(seconds + eras * kEra - ours);
}

}  // namespace

Result<std::chrono::seconds> ask_ntp(const Endpoint& server, std::chrono::milliseconds limit, const Clock& clock) {
  CERTFERRY_ASSIGN(const std::vector<std::string> addresses, resolve(server.host, limit));
  for (const std::string& address : addresses) {
    const Descriptor socket = connected(address, server.port);
    const auto asked = question();
    if (!socket.valid() || !asked) continue;
    const auto answer = exchange(socket.get(), *asked, limit);
    if (!answer) continue;
    const std::uint8_t leap = (*answer)[0] >> 6, mode = (*answer)[0] & 7, stratum = (*answer)[1];
    if (mode != kModeServer) return no_time(server, "it is no answer of a server");
    if (leap == kNotSynchronised || stratum > 15) return no_time(server, "its own clock is not synchronised");
    if (stratum == 0) return no_time(server, "it wants not to be asked so often");  // section 7.4
    return offset_of(*answer, clock.now());
  }
  return no_answer(server);
}

}  // namespace certferry::probe
