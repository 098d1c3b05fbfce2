// Reads a foreign file in a child process that can do nothing else: limits on memory, CPU time and system calls. What
// goes wrong there is an error here.
#pragma once

#include <optional>
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
// The caller may do something else between start() and finish(), on another core.
class ConfinedReading {
 public:
  [[nodiscard]] static ConfinedReading start(std::span<const ConfinedInput> inputs);
  ConfinedReading(ConfinedReading&& other) noexcept;
  ConfinedReading& operator=(ConfinedReading&&) = delete;
  // Waits for the child to end; kills it where nobody took its answers.
  ~ConfinedReading();

  // In the order of the inputs. Once.
  [[nodiscard]] std::vector<Result<x509::CertificateFile>> finish();

 private:
  ConfinedReading() = default;
  [[nodiscard]] int reap();

  std::size_t count_ = 0;  // of inputs
  std::size_t limit_ = 0;  // octets that the child may write
  int child_ = -1;  // its process id; -1: there is none to wait for
  int in_ = -1;
  std::optional<Error> failed_;  // no child could be made
};

}  // namespace certferry::container
