// Reads a foreign file in a child process that can do nothing else: limits on memory, CPU time and system calls. What
// goes wrong there is an error here.
#pragma once

#include <span>
#include <vector>

#include "container/read.h"

namespace certferry::container {

// As read(). Forks, so the process must have one thread. CF1250 (kRejected) where the child crashed or came to a limit: nothing is known of the
// file but that reading it is dangerous. CF1251 (kFailed) where no child could be made.
[[nodiscard]] Result<x509::CertificateFile> read_confined(ByteView file, const ReadOptions& options);

// One of several files for the same child. Borrows the bytes and the passwords.
struct ConfinedInput {
  ByteView file;
  ReadOptions options;
};

// Several files, one child: a fork costs as much as reading a file. What ends the child is the answer for all of them.
[[nodiscard]] std::vector<Result<x509::CertificateFile>> read_confined(std::span<const ConfinedInput> inputs);

}  // namespace certferry::container
