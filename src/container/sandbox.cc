#include "container/sandbox.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "container/child_error.h"
#include "container/confine.h"
#include "container/wire.h"

namespace certferry::container {
namespace {

constexpr int kWallMilliseconds = 120'000;

[[noreturn]] void run_child(int out, ByteView file, const ReadOptions& options) {
  // The configuration is a file, and nothing in it is wanted here.
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, nullptr);
  confine_this_process(out, CpuLimit::kOneMinute);
  const Secret answer = encode(read(file, options));
  ByteView rest = answer.view();
  while (!rest.empty()) {
    const ssize_t count = ::write(out, rest.data(), rest.size());
    if (count <= 0) break;
    rest = rest.subspan(static_cast<std::size_t>(count));
  }
  ::_exit(rest.empty() ? 0 : 2);
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

}  // namespace

Result<x509::CertificateFile> read_confined(ByteView file, const ReadOptions& options) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return no_child("pipe");
  const pid_t child = ::fork();
  if (child < 0) {
    const int error = errno;
    ::close(ends[0]);
    ::close(ends[1]);
    errno = error;
    return no_child("fork");
  }
  if (child == 0) {
    ::close(ends[0]);
    run_child(ends[1], file, options);
  }
  ::close(ends[1]);
  // What comes back is at most the file's own content, spelled out, and its explanation.
  const std::optional<Secret> answer = drain(ends[0], 2 * file.size() + (std::size_t{256} << 10));
  ::close(ends[0]);
  if (!answer) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!answer || status != 0) return child_died(status);
  auto decoded = decode(answer->view());
  if (!decoded) return child_died(status);
  return std::move(*decoded);
}

}  // namespace certferry::container
