#include "probe/connection.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/escape.h"

namespace certferry::probe {
namespace {

using std::chrono_literals::operator""ms;

// More text than any server says before TLS.
constexpr std::size_t kMostText = 64 * 1024;
// How long a server may take to say that it wanted a client certificate.
constexpr std::chrono::nanoseconds kVerdict = 1000ms;

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// No name is looked up here: `address` is numeric.
SocketAddress socket_address(const std::string& address, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  SocketAddress made;
  if (::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &list) != 0) return made;
  std::memcpy(&made.storage, list->ai_addr, list->ai_addrlen);
  made.size = list->ai_addrlen;
  ::freeaddrinfo(list);
  return made;
}

// RFC 5321 section 4.1.3: what a client without a name says hello with.
std::string address_literal(int socket) {
  SocketAddress own;
  own.size = sizeof own.storage;
  std::array<char, NI_MAXHOST> text{};
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&own.storage), &own.size) != 0 ||
      ::getnameinfo(own.get(), own.size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0)
    return "[127.0.0.1]";
  const std::string_view address = std::string_view(text.data()).substr(0, std::string_view(text.data()).find('%'));
  return fmt::format("[{}{}]", own.storage.ss_family == AF_INET6 ? "IPv6:" : "", address);
}

std::string default_server_name(const Target& target) {
  if (target.server_name) return *target.server_name;
  if (is_address(target.endpoint.host)) return {};
  std::string name = target.endpoint.host;
  if (name.ends_with('.')) name.pop_back();  // RFC 6066 section 3: without a trailing dot
  return name;
}

bool no_files(int error) { return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM; }

Error connect_error(int error) {
  switch (error) {
    case ECONNREFUSED:
      return {ErrorKind::kFailed, "CF2012", "connection refused: nothing listens there",
              "check that the service runs, and that it listens on this address and port"};
    case ETIMEDOUT:
      return {ErrorKind::kFailed, "CF2014", "no answer to the attempt to connect",
              "check the address, and the firewalls in between"};
    default:
      return {ErrorKind::kFailed, "CF2013",
              fmt::format("cannot be reached: {}", std::generic_category().message(error)),
              "check the address, the routes and the firewalls of this computer"};
  }
}

}  // namespace

Connection::Connection(TlsSettings& settings, const Target& target, std::vector<std::string> addresses)
    : settings_(settings),
      target_(target),
      addresses_(std::move(addresses)),
      server_name_(default_server_name(target)) {}

bool Connection::start(Instant now) {
  began_ = now;
  end_ = now + target_.limit;
  return open_socket(now) == Opened::kYes;
}

Connection::Opened Connection::open_socket(Instant now) {
  phase_ = Phase::kConnecting;
  writes_ = true;
  // What is left is shared by the addresses that are left.
  deadline_ = now + std::max(Instant(0), end_ - now) / (addresses_.size() - address_);
  const SocketAddress peer = socket_address(addresses_[address_], target_.endpoint.port);
  if (peer.size == 0) {
    connect_failed(EADDRNOTAVAIL, now);
    return Opened::kYes;
  }
  socket_ = Descriptor(::socket(peer.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket_.valid()) {
    if (no_files(errno)) return Opened::kNoFiles;
    connect_failed(errno, now);
    return Opened::kYes;
  }
  const int yes = 1;
  ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (::connect(socket_.get(), peer.get(), peer.size) == 0) {
    connected();
  } else if (errno != EINPROGRESS && errno != EINTR) {
    connect_failed(errno, now);
  }
  return Opened::kYes;
}

void Connection::connect_failed(int error, Instant now) {
  const bool last = address_ + 1 == addresses_.size();
  if (last || now >= end_) return fail_with(connect_error(error));
  socket_.reset();
  ++address_;
  if (open_socket(now) == Opened::kNoFiles) fail_with(connect_error(error));
}

void Connection::connected() {
  deadline_ = end_;
  dialogue_ = make_dialogue(
      target_.starttls, {server_name_.empty() ? target_.endpoint.host : server_name_, address_literal(socket_.get())});
  if (!dialogue_) return begin_tls();
  phase_ = Phase::kTalking;
  to_send_ = dialogue_->opening();
  talk();
}

void Connection::advance(Instant now) {
  if (finished()) return;
  if (phase_ == Phase::kConnecting) {
    int error = 0;
    socklen_t size = sizeof error;
    sockaddr_storage peer{};
    socklen_t peer_size = sizeof peer;
    ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) {
      connect_failed(error, now);
    } else if (::getpeername(socket_.get(), reinterpret_cast<sockaddr*>(&peer), &peer_size) == 0) {
      connected();
    }
  } else if (phase_ == Phase::kTalking) {
    talk();
  }
  if (phase_ == Phase::kHandshake && !finished()) handshake(now);
  if (!finished() && now >= deadline_) timed_out(now);
}

// Sends what is to be sent, reads what came, until one of them would wait.
void Connection::talk() {
  while (!finished()) {
    if (!to_send_.empty()) {
      const ssize_t sent = ::send(socket_.get(), to_send_.data(), to_send_.size(), MSG_NOSIGNAL);
      writes_ = true;
      if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (sent < 0) return talk_ended(errno);
      to_send_.erase(0, static_cast<std::size_t>(sent));
      continue;
    }
    writes_ = false;
    if (tls_after_sending_) return begin_tls();
    std::array<char, 4096> chunk;
    const ssize_t got = ::recv(socket_.get(), chunk.data(), chunk.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) return talk_ended(got < 0 ? errno : 0);
    received_.append(chunk.data(), static_cast<std::size_t>(got));
    received_in_all_ += static_cast<std::size_t>(got);
    if (received_in_all_ > kMostText) return fail_with(not_spoken(target_.starttls, received_).error());
    auto turn = dialogue_->answer(received_);
    if (!turn) return fail_with(std::move(turn).error());
    if (turn->tls && !received_.empty()) return fail_with(said_after_agreeing(received_).error());
    to_send_ = std::move(turn->send);
    tls_after_sending_ = turn->tls;
  }
}

void Connection::talk_ended(int error) {
  fail_with({ErrorKind::kFailed, "CF2023",
             fmt::format("the server closed the connection before TLS{}{}", error ? ": " : "",
                         error ? std::generic_category().message(error) : ""),
             "check port and protocol, and look into the service's log"});
}

void Connection::begin_tls() {
  auto session = TlsSession::start(settings_, socket_.get(), target_.key_kind, server_name_);
  if (!session) return fail_with(std::move(session).error());
  tls_ = std::move(*session);
  phase_ = Phase::kHandshake;
  writes_ = true;
}

void Connection::handshake(Instant now) {
  auto step = tls_->advance();
  if (!step) {
    const bool plain = dialogue_ && !tls_->plain_text().empty();
    return fail_with(plain ? said_after_agreeing(tls_->plain_text()).error() : std::move(step).error());
  }
  if (tls_->proved() && !proved_at_) {
    proved_at_ = now;
    deadline_ = std::min(end_, now + kVerdict);
  }
  if (*step == TlsSession::Step::kDone) return finish();
  writes_ = *step == TlsSession::Step::kWrite;
}

void Connection::finish() {
  auto served = tls_->seen();
  if (!served) return fail_with(std::move(served).error());
  served->peer = {addresses_[address_], target_.endpoint.port};
  served->took = std::chrono::duration_cast<std::chrono::microseconds>(*proved_at_ - began_);
  outcome_ = std::move(served);
  tls_.reset();
  socket_.reset();
}

void Connection::timed_out(Instant now) {
  if (proved_at_) return finish();
  if (phase_ == Phase::kConnecting) return connect_failed(ETIMEDOUT, now);
  const bool talking = phase_ == Phase::kTalking;
  fail_with({ErrorKind::kFailed, talking ? "CF2015" : "CF2016",
             fmt::format("no end of {} within {} ms", talking ? "what is said before TLS" : "the TLS handshake",
                         target_.limit.count()),
             talking ? "check port and protocol: a service that speaks TLS at once waits, and STARTTLS waits too"
                     : "check port and protocol, and whether the service is overloaded; a service that speaks another "
                       "protocol first needs STARTTLS"});
}

std::string Connection::where() const {
  std::string text = to_text(target_.endpoint);
  if (addresses_[address_] != target_.endpoint.host) text += " (" + addresses_[address_] + ")";
  return escape_terminal(text);
}

void Connection::fail_with(Error error) {
  error.message = where() + ": " + error.message;
  outcome_ = std::unexpected(std::move(error));
  tls_.reset();
  socket_.reset();
}

}  // namespace certferry::probe
