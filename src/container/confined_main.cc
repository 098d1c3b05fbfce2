#include "container/confined_main.h"

#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <string_view>

#include "container/child_error.h"
#include "container/confine.h"
#include "container/serve.h"
#include "x509/openssl_init.h"

namespace certferry::container {
namespace {

constexpr std::string_view kOneReading = "__read-file";
constexpr std::string_view kManyFiles = "__read-files";

// Else a program that knows nothing of the hidden word would start itself with it, again and again.
bool main_knows_the_word = false;

bool is_socket(int descriptor) {
  struct stat status{};
  return ::fstat(descriptor, &status) == 0 && S_ISSOCK(status.st_mode);
}

}  // namespace

std::optional<int> confined_main(int argc, char** argv) {
  main_knows_the_word = true;
  const std::string_view word = argc == 2 ? argv[1] : "";
  if (word != kOneReading && word != kManyFiles) return std::nullopt;
  constexpr int kUsage = 2;
  if (!is_socket(STDIN_FILENO)) return kUsage;
  end_with_parent();
  ProcessLimits limits;
  if (word == kManyFiles) {
    limits.cpu = std::chrono::seconds(0);
    // What the terminal sends is the parent's to decide on.
    ::signal(SIGINT, SIG_IGN);
    ::signal(SIGHUP, SIG_IGN);
  }
  x509::initialize_openssl();
  confine_this_process(STDIN_FILENO, limits);
  serve(STDIN_FILENO);
}

bool has_one_thread() {
  std::error_code error;
  std::filesystem::directory_iterator task("/proc/self/task", error);
  if (error || task == std::filesystem::directory_iterator()) return false;
  task.increment(error);
  return !error && task == std::filesystem::directory_iterator();
}

Result<pid_t> spawn_reader(int socket, Lifetime lifetime) {
  if (!main_knows_the_word) return several_threads();
  std::string name = "certferry";
  std::string word(lifetime == Lifetime::kOneReading ? kOneReading : kManyFiles);
  char* arguments[] = {name.data(), word.data(), nullptr};
  char* environment[] = {nullptr};
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, socket, STDIN_FILENO);
  pid_t child = -1;
  // Also where the executable was replaced meanwhile: the link leads to the one that runs.
  const int failed = ::posix_spawn(&child, "/proc/self/exe", &actions, &attributes, arguments, environment);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (failed == 0) return child;
  errno = failed;
  return no_child("posix_spawn");
}

void end_with_parent() { ::prctl(PR_SET_PDEATHSIG, SIGKILL); }

}  // namespace certferry::container
