// The confined reader as a process of its own. A child that was forked while other threads ran may find their locks held for
// ever; a new program has none of them. It is the same executable, started with a hidden word.
#pragma once

#include <sys/types.h>

#include <optional>

#include "base/result.h"

namespace certferry::container {

// The first thing in main() of a program that reads files while it has threads. Where the process was started to read
// files it never returns: it confines itself before the first octet is looked at, answers what comes over standard input
// and ends. Else nothing, or the exit code where somebody typed the hidden word.
[[nodiscard]] std::optional<int> confined_main(int argc, char** argv);

// Whether fork() is safe. False where /proc cannot tell.
[[nodiscard]] bool has_one_thread();

enum class Lifetime { kOneReading, kManyFiles };

// Starts the reader on one end of a stream socket, which stays open here. Nothing secret is in its arguments, and its
// environment is empty. CF1251 where it cannot be started, or where main() of this program does not call confined_main().
[[nodiscard]] Result<pid_t> spawn_reader(int socket, Lifetime lifetime);

// Has this process killed when the thread ends that started it.
void end_with_parent();

}  // namespace certferry::container
