// Processes that others started: who they are, signals, local sockets.
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/descriptor.h"
#include "base/process.h"

namespace certferry {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kDeleted = " (deleted)";  // a program that was replaced on disk since it was started

std::string real_path(const std::string& path) {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  return error ? path : real.string();
}

// Of a script, the executable is the interpreter and the first argument the script.
std::vector<std::string> programs_of(pid_t pid) {
  const fs::path folder = fs::path("/proc") / std::to_string(pid);
  std::vector<std::string> programs;
  std::error_code error;
  std::string executable = fs::read_symlink(folder / "exe", error).string();
  if (error) return programs;
  if (executable.ends_with(kDeleted)) executable.resize(executable.size() - kDeleted.size());
  programs.push_back(executable);
  std::ifstream line(folder / "cmdline", std::ios::binary);
  std::string word;
  if (!std::getline(line, word, '\0')) return programs;
  // A script's name may stand behind switches of its interpreter.
  while (std::getline(line, word, '\0')) {
    if (word.starts_with('-')) continue;
    if (word.starts_with('/')) programs.push_back(real_path(word));
    break;
  }
  return programs;
}

Descriptor hold(pid_t pid) { return Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))); }

std::unexpected<Error> no_answer(const std::string& socket, std::string_view doing, int error) {
  return fail(error == EACCES ? ErrorKind::kNotPermitted : ErrorKind::kFailed, "CF1183",
              socket + " does not answer: " + std::string(doing) + ": " + std::strerror(error),
              "see whether the service runs and has this socket");
}

// Waits until `fd` is ready; 0, or ETIMEDOUT.
int wait_ready(int fd, short events, const Clock& clock, std::chrono::nanoseconds end) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - clock.monotonic()).count();
    if (left <= 0) return ETIMEDOUT;
    pollfd wanted{fd, events, 0};
    const int ready = ::poll(&wanted, 1, static_cast<int>(std::min<long>(left, 60'000)));
    if (ready > 0) return 0;
    if (ready < 0 && errno != EINTR) return errno;
  }
}

}  // namespace

bool SystemProcess::runs(pid_t pid, const std::string& executable) {
  const std::string wanted = real_path(executable);
  return std::ranges::count(programs_of(pid), wanted) > 0;
}

Result<> SystemProcess::signal(pid_t pid, const std::string& executable, int number) {
  const std::string who = "process " + std::to_string(pid);
  const std::string fix = "see whether the service runs, and whether its pid file is the one the binding names";
  const Descriptor held = pid > 1 ? hold(pid) : Descriptor();
  if (!held.valid()) return fail(ErrorKind::kFailed, "CF1182", who + " does not run", fix);
  if (!runs(pid, executable)) {
    const std::vector<std::string> programs = programs_of(pid);
    return fail(ErrorKind::kFailed, "CF1182",
                who + " is not " + executable + (programs.empty() ? "" : " but " + programs.front()), fix);
  }
  if (::syscall(SYS_pidfd_send_signal, held.get(), number, nullptr, 0) != 0) {
    return fail(ErrorKind::kFailed, "CF1182", who + " cannot be signalled: " + std::strerror(errno), fix);
  }
  return {};
}

std::vector<pid_t> SystemProcess::find(const std::string& executable) {
  const std::string wanted = real_path(executable);
  std::vector<pid_t> found;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename().string();
    pid_t pid = 0;
    const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (failed != std::errc() || end != name.data() + name.size()) continue;
    if (std::ranges::count(programs_of(pid), wanted) > 0) found.push_back(pid);
  }
  std::ranges::sort(found);
  return found;
}

Result<std::string> SystemProcess::ask(const std::string& path, const Secret& request,
                                       std::chrono::milliseconds limit) {
  const std::chrono::nanoseconds end = clock_.monotonic() + limit;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return no_answer(path, "connecting", ENAMETOOLONG);
  std::memcpy(address.sun_path, path.data(), path.size());
  const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.valid() || ::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    return no_answer(path, "connecting", errno);
  }
  for (std::string_view rest = request.text(); !rest.empty();) {
    if (const int error = wait_ready(socket.get(), POLLOUT, clock_, end)) return no_answer(path, "asking", error);
    const ssize_t count = ::send(socket.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (count < 0 && errno != EINTR && errno != EAGAIN) return no_answer(path, "asking", errno);
    if (count > 0) rest.remove_prefix(static_cast<std::size_t>(count));
  }
  std::string answer;
  std::array<char, 4096> buffer;
  while (answer.size() < kOutputKept) {
    if (const int error = wait_ready(socket.get(), POLLIN, clock_, end)) return no_answer(path, "reading", error);
    const ssize_t count = ::recv(socket.get(), buffer.data(), std::min(buffer.size(), kOutputKept - answer.size()), 0);
    if (count == 0) break;
    if (count < 0 && errno != EINTR && errno != EAGAIN) return no_answer(path, "reading", errno);
    if (count > 0) answer.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return answer;
}

}  // namespace certferry
