// Reads a foreign file in a child process that can do nothing else: limits on memory, CPU time and system calls. What
// goes wrong there is an error here.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "container/confine.h"
#include "container/read.h"

namespace certferry::container {

// As read(). CF1250 (kRejected) where the child crashed or came to a limit: nothing is known of the file but that reading it
// is dangerous. CF1251 (kFailed) where no child could be made or confined. Any thread may call it: the child is forked while
// the process has one thread, and is this program started anew (container/confined_main.h) where there are more.
[[nodiscard]] Result<x509::CertificateFile> read_confined(ByteView file, const ReadOptions& options);

// One of several files for the same child. Borrows the bytes and the passwords, until ConfinedReading::start() returns.
struct ConfinedInput {
  ByteView file;
  ReadOptions options;
};

struct ReadingLimits {
  ProcessLimits process;  // of a forked child; the one started anew has the defaults
  std::chrono::seconds wall{120};  // from finish() on
};

// Several files, one child: a fork costs as much as reading a file. What ends the child is the answer for all of them.
// The caller may do something else between start() and finish(), on another core. Belongs to the thread that calls start():
// the child ends with it.
class ConfinedReading {
 public:
  [[nodiscard]] static ConfinedReading start(std::span<const ConfinedInput> inputs, const ReadingLimits& limits = {});
  // A forked child that does something else, once it is confined, than reading so many files. For tests.
  [[nodiscard]] static ConfinedReading start(std::size_t count, const std::function<void(int out)>& act,
                                             const ReadingLimits& limits);
  ConfinedReading(ConfinedReading&& other) noexcept;
  ConfinedReading& operator=(ConfinedReading&&) = delete;
  // Waits for the child to end; kills it where nobody took its answers.
  ~ConfinedReading();

  // Its process id; -1: there is none.
  [[nodiscard]] int child() const { return child_; }

  // In the order of the inputs. Once.
  [[nodiscard]] std::vector<Result<x509::CertificateFile>> finish();

 private:
  ConfinedReading() = default;
  void fork_child(const std::function<void(int out)>& act);
  void spawn_child(std::span<const ConfinedInput> inputs);
  [[nodiscard]] bool send();
  [[nodiscard]] std::optional<Secret> drain();
  [[nodiscard]] int reap();

  std::size_t count_ = 0;  // of inputs
  std::size_t limit_ = std::size_t{256} << 10;  // octets that the child may write
  ReadingLimits limits_;
  int child_ = -1;
  int in_ = -1;
  Secret requests_;  // for a child that was started anew
  std::size_t sent_ = 0;  // of them
  std::optional<Error> failed_;  // no child could be made
};

}  // namespace certferry::container
