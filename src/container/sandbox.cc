#include "container/sandbox.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "container/child_error.h"
#include "container/confine.h"
#include "container/wire.h"

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
  // The configuration is a file, and nothing in it is wanted here.
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, nullptr);
  confine_this_process(out, CpuLimit::kOneMinute);
  for (const ConfinedInput& input : inputs) {
    const Secret answer = encode(read(input.file, input.options));
    std::array<std::uint8_t, kSizeOctets> size{};
    for (std::size_t i = 0; i < size.size(); ++i) size[i] = static_cast<std::uint8_t>(answer.size() >> 8 * i);
    if (!write_all(out, size) || !write_all(out, answer.view())) ::_exit(2);
  }
  ::_exit(0);
}

// Everything the child writes; nothing where it took too long or wrote more than could be meant.
std::optional<Secret> drain(int in, std::size_t limit) {
  Bytes bytes(limit);
  std::size_t size = 0;
  while (true) {
    pollfd ready{in, POLLIN, 0};
    const int polled = ::poll(&ready, 1, kWallMilliseconds);
    if (polled < 0 && errno == EINTR) continue;
    if (polled <= 0 || size == bytes.size()) break;
    const ssize_t count = ::read(in, bytes.data() + size, bytes.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) {
      Secret answer(ByteView(bytes).first(size));
      wipe(std::span(bytes).first(size));
      return answer;
    }
    if (count < 0) break;
    size += static_cast<std::size_t>(count);
  }
  wipe(std::span(bytes).first(size));
  return std::nullopt;
}

// Takes the next answer off the front; nothing where there is none that can be believed.
std::optional<Result<x509::CertificateFile>> take_answer(ByteView& bytes) {
  if (bytes.size() < kSizeOctets) return std::nullopt;
  std::uint64_t size = 0;
  for (std::size_t i = 0; i < kSizeOctets; ++i) size |= std::uint64_t{bytes[i]} << 8 * i;
  bytes = bytes.subspan(kSizeOctets);
  if (size > bytes.size()) return std::nullopt;
  auto answer = decode(bytes.first(size));
  bytes = bytes.subspan(size);
  return answer;
}

Answers all(std::size_t count, const Error& error) {
  Answers answers;
  for (std::size_t i = 0; i < count; ++i) answers.emplace_back(std::unexpected(error));
  return answers;
}

}  // namespace

Answers read_confined(std::span<const ConfinedInput> inputs) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return all(inputs.size(), no_child("pipe").error());
  const pid_t child = ::fork();
  if (child < 0) {
    const Error error = no_child("fork").error();
    ::close(ends[0]);
    ::close(ends[1]);
    return all(inputs.size(), error);
  }
  if (child == 0) {
    ::close(ends[0]);
    run_child(ends[1], inputs);
  }
  ::close(ends[1]);
  // What comes back is at most the files' own content, spelled out, and its explanation.
  std::size_t limit = std::size_t{256} << 10;
  for (const ConfinedInput& input : inputs) limit += 2 * input.file.size();
  const std::optional<Secret> written = drain(ends[0], limit);
  ::close(ends[0]);
  if (!written) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!written || status != 0) return all(inputs.size(), child_died(status).error());
  Answers answers;
  ByteView rest = written->view();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    auto answer = take_answer(rest);
    if (!answer) return all(inputs.size(), child_died(status).error());
    answers.push_back(std::move(*answer));
  }
  return answers;
}

Result<x509::CertificateFile> read_confined(ByteView file, const ReadOptions& options) {
  const ConfinedInput input{file, options};
  return std::move(read_confined(std::span(&input, 1)).front());
}

}  // namespace certferry::container
