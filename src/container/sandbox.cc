#include "container/sandbox.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "container/child_error.h"
#include "container/confine.h"
#include "container/wire.h"
#include "x509/openssl_init.h"

namespace certferry::container {
namespace {

constexpr int kWallMilliseconds = 120'000;
constexpr std::size_t kSizeOctets = 8;

using Answers = std::vector<Result<x509::CertificateFile>>;

bool write_all(int out, ByteView rest) {
  while (!rest.empty()) {
    const ssize_t count = ::write(out, rest.data(), rest.size());
    if (count <= 0) return false;
    rest = rest.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

// Each answer after its size in eight octets.
[[noreturn]] void run_child(int out, std::span<const ConfinedInput> inputs) {
  x509::initialize_openssl();
  confine_this_process(out, CpuLimit::kOneMinute);
  for (const ConfinedInput& input : inputs) {
    const Secret answer = encode(read(input.file, input.options));
    std::array<std::uint8_t, kSizeOctets> size{};
    for (std::size_t i = 0; i < size.size(); ++i) size[i] = static_cast<std::uint8_t>(answer.size() >> 8 * i);
    if (!write_all(out, size) || !write_all(out, answer.view())) ::_exit(2);
  }
  ::_exit(0);
}

std::uint64_t size_at(ByteView bytes) {
  std::uint64_t size = 0;
  for (std::size_t i = 0; i < kSizeOctets; ++i) size |= std::uint64_t{bytes[i]} << 8 * i;
  return size;
}

// Whether `count` whole answers are there.
bool whole(ByteView bytes, std::size_t count) {
  for (; count > 0; --count) {
    if (bytes.size() < kSizeOctets) return false;
    const std::uint64_t size = size_at(bytes);
    bytes = bytes.subspan(kSizeOctets);
    if (size > bytes.size()) return false;
    bytes = bytes.subspan(size);
  }
  return true;
}

// The child's answers as soon as the last one is there: taking its memory apart, which nobody needs to wait for, takes
// the child as long as reading a small file. Nothing where it ended before, took too long or wrote more than could be
// meant.
std::optional<Secret> drain(int in, std::size_t limit, std::size_t count) {
  Bytes bytes(limit);
  std::size_t size = 0;
  while (size < bytes.size()) {
    pollfd ready{in, POLLIN, 0};
    const int polled = ::poll(&ready, 1, kWallMilliseconds);
    if (polled < 0 && errno == EINTR) continue;
    if (polled <= 0) break;
    const ssize_t got = ::read(in, bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
    if (whole(ByteView(bytes).first(size), count)) {
      Secret answer(ByteView(bytes).first(size));
      wipe(std::span(bytes).first(size));
      return answer;
    }
  }
  wipe(std::span(bytes).first(size));
  return std::nullopt;
}

// Takes the next answer off the front; nothing where there is none that can be believed.
std::optional<Result<x509::CertificateFile>> take_answer(ByteView& bytes) {
  if (!whole(bytes, 1)) return std::nullopt;
  const std::uint64_t size = size_at(bytes);
  auto answer = decode(bytes.subspan(kSizeOctets, size));
  bytes = bytes.subspan(kSizeOctets + size);
  return answer;
}

Answers all(std::size_t count, const Error& error) {
  Answers answers;
  for (std::size_t i = 0; i < count; ++i) answers.emplace_back(std::unexpected(error));
  return answers;
}

}  // namespace

ConfinedReading ConfinedReading::start(std::span<const ConfinedInput> inputs) {
  ConfinedReading reading;
  reading.count_ = inputs.size();
  // What comes back is at most the files' own content, spelled out, and its explanation.
  reading.limit_ = std::size_t{256} << 10;
  for (const ConfinedInput& input : inputs) reading.limit_ += 2 * input.file.size();
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    reading.failed_ = no_child("pipe").error();
    return reading;
  }
  reading.child_ = ::fork();
  if (reading.child_ < 0) reading.failed_ = no_child("fork").error();
  if (reading.child_ == 0) {
    ::close(ends[0]);
    run_child(ends[1], inputs);
  }
  ::close(ends[1]);
  reading.in_ = ends[0];
  return reading;
}

ConfinedReading::ConfinedReading(ConfinedReading&& other) noexcept
    : count_(other.count_),
      limit_(other.limit_),
      child_(std::exchange(other.child_, -1)),
      in_(std::exchange(other.in_, -1)),
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

Answers ConfinedReading::finish() {
  if (failed_) return all(count_, *failed_);
  const std::optional<Secret> written = drain(in_, limit_, count_);
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
