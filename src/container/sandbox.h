// Reads a foreign file in a child process that can do nothing else: limits on memory, CPU time and system calls. What
// goes wrong there is an error here.
#pragma once

#include "container/read.h"

namespace certferry::container {

// As read(). Forks, so the process must have one thread. CF1250 (kRejected) where the child crashed or came to a limit: nothing is known of the
// file but that reading it is dangerous. CF1251 (kFailed) where no child could be made.
[[nodiscard]] Result<x509::CertificateFile> read_confined(ByteView file, const ReadOptions& options);

}  // namespace certferry::container
