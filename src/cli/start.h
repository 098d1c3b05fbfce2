// What both programs do first.
#pragma once

#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstdio>

#include "x509/wiping_memory.h"

namespace certferry::cli {

inline constexpr int kCannotStart = 70;  // EX_SOFTWARE of sysexits.h

// False, and why on standard error, where keys could be left in memory.
[[nodiscard]] inline bool can_start() {
  if (x509::wipe_what_openssl_frees()) return true;
  std::fputs(
      "error "
      "CF1085"
      ": OpenSSL was used before this program began, so that keys could be left in memory\n"
      "fix: run it without libraries that are loaded into it (LD_PRELOAD, openssl.cnf's engines)\n",
      stderr);
  return false;
}

// Keys and passwords must not end in a core dump or be read by a debugger of the same account.
inline void keep_memory_private() {
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
}

}  // namespace certferry::cli
