#include "container/sandbox.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/clock.h"
#include "container/child_error.h"
#include "container/confine.h"
#include "container/confined_main.h"
#include "container/serve.h"
#include "container/wire.h"
#include "x509/openssl_init.h"

namespace certferry::container {
namespace {

using Answers = std::vector<Result<x509::CertificateFile>>;

// Whether `count` whole answers are there.
bool whole(ByteView bytes, std::size_t count) {
  for (; count > 0; --count) {
    if (bytes.size() < kNumberOctets) return false;
    const std::uint64_t size = number_at(bytes);
    bytes = bytes.subspan(kNumberOctets);
    if (size > bytes.size()) return false;
    bytes = bytes.subspan(size);
  }
  return true;
}

// Takes the next answer off the front; nothing where there is none that can be believed.
std::optional<Result<x509::CertificateFile>> take_answer(ByteView& bytes) {
  if (!whole(bytes, 1)) return std::nullopt;
  const std::uint64_t size = number_at(bytes);
  auto answer = decode(bytes.subspan(kNumberOctets, size));
  bytes = bytes.subspan(kNumberOctets + size);
  return answer;
}

Answers all(std::size_t count, const Error& error) {
  Answers answers;
  for (std::size_t i = 0; i < count; ++i) answers.emplace_back(std::unexpected(error));
  return answers;
}

}  // namespace

ConfinedReading ConfinedReading::start(std::span<const ConfinedInput> inputs, const ReadingLimits& limits) {
  ConfinedReading reading;
  reading.count_ = inputs.size();
  reading.limits_ = limits;
  // What comes back is at most the files' own content, spelled out, and its explanation.
  for (const ConfinedInput& input : inputs) reading.limit_ += 2 * input.file.size();
  if (!has_one_thread()) {
    reading.spawn_child(inputs);
    return reading;
  }
  reading.fork_child([inputs](int out) {
    for (const ConfinedInput& input : inputs) {
      if (!send_answer(out, read(input.file, input.options))) ::_exit(kStatusNoAnswer);
    }
  });
  return reading;
}

ConfinedReading ConfinedReading::start(std::size_t count, const std::function<void(int out)>& act,
                                       const ReadingLimits& limits) {
  ConfinedReading reading;
  reading.count_ = count;
  reading.limits_ = limits;
  reading.fork_child(act);
  return reading;
}

void ConfinedReading::fork_child(const std::function<void(int out)>& act) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    failed_ = no_child("pipe").error();
    return;
  }
  child_ = ::fork();
  if (child_ < 0) failed_ = no_child("fork").error();
  if (child_ == 0) {
    end_with_parent();
    x509::initialize_openssl();
    confine_this_process(ends[1], limits_.process);
    act(ends[1]);
    ::_exit(0);
  }
  ::close(ends[1]);
  in_ = ends[0];
}

void ConfinedReading::spawn_child(std::span<const ConfinedInput> inputs) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    failed_ = no_child("socketpair").error();
    return;
  }
  in_ = ends[0];
  const auto child = spawn_reader(ends[1], Lifetime::kOneReading);
  ::close(ends[1]);
  if (!child) {
    failed_ = child.error();
    return;
  }
  child_ = *child;
  std::vector<Secret> requests;
  std::size_t size = 0;
  for (const ConfinedInput& input : inputs) {
    requests.push_back(encode_request(input.file, input.options));
    size += requests.back().size();
  }
  Bytes together;
  together.reserve(size);
  for (const Secret& request : requests) together.insert(together.end(), request.view().begin(), request.view().end());
  requests_ = Secret(std::move(together));
  static_cast<void>(send());  // what goes wrong here shows in finish()
}

// As much as the socket takes; false where there is nobody at the other end.
bool ConfinedReading::send() {
  while (sent_ < requests_.size()) {
    const ByteView rest = requests_.view().subspan(sent_);
    const ssize_t count = ::send(in_, rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno == EAGAIN;
    sent_ += static_cast<std::size_t>(count);
  }
  return true;
}

ConfinedReading::ConfinedReading(ConfinedReading&& other) noexcept
    : count_(other.count_),
      limit_(other.limit_),
      limits_(other.limits_),
      child_(std::exchange(other.child_, -1)),
      in_(std::exchange(other.in_, -1)),
      requests_(std::move(other.requests_)),
      sent_(other.sent_),
      failed_(std::move(other.failed_)) {}

ConfinedReading::~ConfinedReading() {
  if (in_ >= 0) ::close(in_);
  if (child_ > 0 && in_ >= 0) ::kill(child_, SIGKILL);
  static_cast<void>(reap());
}

int ConfinedReading::reap() {
  int status = 0;
  if (child_ > 0) {
    while (::waitpid(child_, &status, 0) < 0 && errno == EINTR) {
    }
  }
  child_ = -1;
  return status;
}

// The child's answers as soon as the last one is there: taking its memory apart, which nobody needs to wait for, takes
// the child as long as reading a small file. Nothing where it ended before, took too long or wrote more than could be
// meant.
std::optional<Secret> ConfinedReading::drain() {
  using std::chrono::milliseconds;
  const SystemClock clock;
  const auto end = clock.monotonic() + limits_.wall;
  Bytes bytes(limit_);
  std::size_t size = 0;
  while (size < bytes.size()) {
    const bool unsent = sent_ < requests_.size();
    pollfd ready{in_, static_cast<short>(POLLIN | (unsent ? POLLOUT : 0)), 0};
    const auto left = std::chrono::ceil<milliseconds>(end - clock.monotonic());
    const int polled = ::poll(&ready, 1, static_cast<int>(std::max(left, milliseconds(0)).count()));
    if (polled < 0 && errno == EINTR) continue;
    if (polled <= 0) break;
    if (unsent && !send()) break;
    if (!(ready.revents & (POLLIN | POLLHUP | POLLERR))) continue;
    const ssize_t got = ::read(in_, bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
    if (whole(ByteView(bytes).first(size), count_)) {
      Secret answer(ByteView(bytes).first(size));
      wipe(std::span(bytes).first(size));
      return answer;
    }
  }
  wipe(std::span(bytes).first(size));
  return std::nullopt;
}

Answers ConfinedReading::finish() {
  if (failed_) return all(count_, *failed_);
  const std::optional<Secret> written = drain();
  requests_ = Secret();
  ::close(std::exchange(in_, -1));
  if (!written) {
    ::kill(child_, SIGKILL);
    return all(count_, child_died(reap()).error());
  }
  Answers answers;
  ByteView rest = written->view();
  for (std::size_t i = 0; i < count_; ++i) {
    auto answer = take_answer(rest);
    if (!answer) return all(count_, child_died(0).error());
    answers.push_back(std::move(*answer));
  }
  return answers;
}

Result<x509::CertificateFile> read_confined(ByteView file, const ReadOptions& options) {
  const ConfinedInput input{file, options};
  return std::move(ConfinedReading::start(std::span(&input, 1)).finish().front());
}

}  // namespace certferry::container
