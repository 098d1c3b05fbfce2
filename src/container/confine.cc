#include "container/confine.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <new>

namespace certferry::container {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

void limit(__rlimit_resource resource, rlim_t value) {
  // Only root may lift a limit that a service manager has set.
  rlimit both{};
  if (::getrlimit(resource, &both) != 0) ::_exit(kStatusNotConfined);
  both.rlim_cur = both.rlim_max = std::min(value, both.rlim_max);
  if (::setrlimit(resource, &both) != 0) ::_exit(kStatusNotConfined);
}

constexpr sock_filter allow(unsigned call) { return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1); }
constexpr sock_filter kAllow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);

// libseccomp compiles the same list in 0.2 ms; written out it costs one system call.
void filter_system_calls() {
#if defined(__x86_64__)
  constexpr unsigned kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
  constexpr unsigned kArchitecture = AUDIT_ARCH_AARCH64;
#endif
  static constexpr std::array kCalls = {
      // What is not here ends the process.
      SYS_write,       SYS_read,         SYS_exit,          SYS_exit_group,   SYS_brk,
      SYS_mmap,        SYS_munmap,       SYS_mremap,        SYS_madvise,      SYS_mprotect,
      SYS_futex,       SYS_getrandom,    SYS_clock_gettime, SYS_rt_sigreturn, SYS_rt_sigprocmask,
      SYS_sched_yield, SYS_getpid,       SYS_gettid,
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
      SYS_sigaltstack, SYS_rt_sigaction, SYS_prctl,         SYS_getrlimit,    SYS_sched_getaffinity,
      SYS_prlimit64,   SYS_pipe2,        SYS_close,  // how UBSan asks whether memory can be read
#endif
  };
  std::array<sock_filter, 4 + 2 * kCalls.size() + 1> program;
  std::size_t size = 0;
  program[size++] = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch));
  program[size++] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0);
  program[size++] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  program[size++] = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr));
  for (const long call : kCalls) {
    program[size++] = allow(static_cast<unsigned>(call));
    program[size++] = kAllow;
  }
  program[size++] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  const sock_fprog filter{static_cast<unsigned short>(size), program.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0) {
    ::_exit(kStatusNotConfined);
  }
}

}  // namespace

void confine_this_process(int keep, const ProcessLimits& limits) {
  const auto last = static_cast<unsigned>(keep);
  if (last > 0 && ::syscall(SYS_close_range, 0u, last - 1, 0u) != 0) ::_exit(kStatusNotConfined);
  if (::syscall(SYS_close_range, last + 1, ~0u, 0u) != 0) ::_exit(kStatusNotConfined);
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) ::_exit(kStatusNotConfined);
  std::set_new_handler([] { ::_exit(kStatusOutOfMemory); });
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, 0);
  if (limits.cpu.count() > 0) limit(RLIMIT_CPU, static_cast<rlim_t>(limits.cpu.count()));
  if (!kSanitized) limit(RLIMIT_AS, limits.memory);
  filter_system_calls();
}

}  // namespace certferry::container
