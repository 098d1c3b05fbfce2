#include "probe/testing/server_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "base/clock.h"
#include "base/descriptor.h"
#include "x509/pem.h"

namespace certferry::probe::testing {
namespace {

using std::chrono_literals::operator""s;

std::string contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// setpriv lets the server end with the test, whatever ends that.
pid_t spawn(std::vector<std::string> argv, const std::string& account, const std::string& log) {
  std::vector<std::string> words = {"/usr/bin/setpriv", "--pdeathsig", "TERM"};
  if (!account.empty()) {
    for (const char* word : {"--reuid", account.c_str(), "--regid", account.c_str(), "--clear-groups"})
      words.emplace_back(word);
  }
  words.insert(words.end(), std::make_move_iterator(argv.begin()), std::make_move_iterator(argv.end()));
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  std::array<std::string, 3> settings = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "HOME=/"};
  std::array<char*, 4> environment = {settings[0].data(), settings[1].data(), settings[2].data(), nullptr};

  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&files, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
  ::posix_spawn_file_actions_adddup2(&files, 1, 2);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  pid_t pid = -1;
  const int status = ::posix_spawn(&pid, words[0].c_str(), &files, &attributes, pointers.data(), environment.data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&files);
  if (status != 0) throw std::runtime_error(words[0] + " cannot be started");
  return pid;
}

Descriptor tcp_socket(int family) {
  Descriptor socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) throw std::runtime_error("no socket");
  return socket;
}

bool listens(std::uint16_t port) {
  const Descriptor socket = tcp_socket(AF_INET);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return ::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

bool can_bind(std::uint16_t port) {
  const Descriptor socket = tcp_socket(AF_INET6);
  const int off = 0;
  ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  return ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

void pause() { ::poll(nullptr, 0, 5); }

}  // namespace

Folder::Folder() {
  std::string path = "/tmp/certferry-probe-XXXXXX";
  if (!::mkdtemp(path.data())) throw std::runtime_error("no folder below /tmp");
  ::chmod(path.c_str(), 0755);
  path_ = path;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string Folder::write(std::string_view name, std::string_view text, unsigned mode) const {
  std::string path = *this / name;
  std::ofstream(path) << text;
  ::chmod(path.c_str(), mode);
  return path;
}

std::string Folder::make(std::string_view name, const std::string& account) const {
  std::string path = *this / name;
  std::filesystem::create_directories(path);
  if (!account.empty()) {
    const passwd* const found = ::getpwnam(account.c_str());
    if (!found) throw std::runtime_error("no account " + account);
    if (::chown(path.c_str(), found->pw_uid, found->pw_gid) != 0) throw std::runtime_error("chown " + path);
  }
  return path;
}

std::uint16_t free_port() {
  // Below the range that the kernel takes for connections to others, begun at a place of each process's own.
  static unsigned next = static_cast<unsigned>(::getpid()) * 37 % 10'000;
  for (int tries = 0; tries < 10'000; ++tries) {
    const auto port = static_cast<std::uint16_t>(20'000 + next++ % 10'000);
    if (can_bind(port)) return port;
  }
  throw std::runtime_error("no free port");
}

void run(const std::vector<std::string>& argv, const std::string& account) {
  const Folder folder;
  ::chmod(folder.path().c_str(), 0777);
  const pid_t pid = spawn(argv, account, folder / "output");
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw std::runtime_error(argv[0] + " failed:\n" + contents(folder / "output"));
}

ServerProcess::ServerProcess(const Folder& folder, const std::vector<std::string>& argv, const std::string& account)
    : log_(folder / "server.output"), pid_(spawn(argv, account, log_)) {}

ServerProcess::~ServerProcess() { stop(); }

void ServerProcess::wait_for(std::uint16_t port) {
  const SystemClock clock;
  const auto end = clock.monotonic() + 30s;
  while (!listens(port)) {
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = -1;
    if (pid_ < 0 || clock.monotonic() > end) throw std::runtime_error("the server does not listen:\n" + contents(log_));
    pause();
  }
}

void ServerProcess::stop() {
  if (pid_ < 0) return;
  const SystemClock clock;
  const auto end = clock.monotonic() + 5s;
  ::kill(pid_, SIGTERM);
  while (::waitpid(pid_, nullptr, WNOHANG) == 0) {
    if (clock.monotonic() > end) {
      ::kill(-pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
      break;
    }
    pause();
  }
  ::kill(-pid_, SIGKILL);  // what it left behind
  pid_ = -1;
}

Pair make_pair(const std::string& name, x509::testing::KeyKind kind) {
  using x509::testing::make_certificate;
  static const auto root = x509::testing::make_root("Probe Test Root");
  static const auto intermediate = x509::testing::make_intermediate("Probe Test CA", root);
  auto spec = x509::testing::server_spec({name});
  spec.key_kind = kind;
  // Some servers refuse to start with a certificate that is over.
  spec.not_before = std::chrono::sys_days(std::chrono::year(2024) / 1 / 1);
  spec.not_after = std::chrono::sys_days(std::chrono::year(2044) / 1 / 1);
  const auto made = make_certificate(spec, &intermediate);
  const Bytes key = x509::pem("PRIVATE KEY", made.key.pkcs8());
  return {made.certificate(), intermediate.certificate(), made.pem() + intermediate.pem(), std::string(as_text(key))};
}

}  // namespace certferry::probe::testing
