// Reads many foreign files at once in confined children that live on from file to file.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "container/read.h"

namespace certferry::container {

// As read_confined() for one file, for thousands: a fork costs more than reading a file. A file that crashes a child or takes
// longer than kLongest costs itself alone; the child is replaced. Unlike read_confined(), one child sees several files: what
// took it over could spy on those after it, until the pool ends.
//
// Belongs to the thread that calls start(): children end with it, and with the process however that ends. A child is made in
// start(), and where one is replaced: forked while the process has one thread, else started anew as of read_confined().
class ReaderPool {
 public:
  static constexpr std::chrono::seconds kLongest{60};

  struct Completed {
    std::size_t id;
    Result<x509::CertificateFile> file;  // errors as of read_confined()
  };

  // `clock` measures how long a file takes and must outlive the pool. CF1251 where no child could be made.
  [[nodiscard]] static Result<ReaderPool> start(std::size_t children, const Limits& limits, const Clock& clock);
  ReaderPool(ReaderPool&&) noexcept;
  ReaderPool& operator=(ReaderPool&&) = delete;
  ~ReaderPool();

  // Called before a child is replaced; afterwards the process has one thread.
  void before_fork(std::function<void()> prepare) { before_fork_ = std::move(prepare); }

  // Queues a file; never blocks. `password` as in ReadOptions, may be null and shared by many. Everything queued is kept in
  // memory: submit a few dozen ahead of next(), not a whole folder.
  void submit(std::size_t id, Secret file, std::shared_ptr<const Secret> password);

  // The next answer, in the order in which they come. Nothing after `timeout`, or where pending() is 0.
  [[nodiscard]] std::optional<Completed> next(std::chrono::milliseconds timeout);

  // Submitted and not yet returned by next().
  [[nodiscard]] std::size_t pending() const { return pending_; }
  // Process ids.
  [[nodiscard]] std::vector<pid_t> children() const;

 private:
  struct Job {
    std::size_t id;
    Secret file;
    std::shared_ptr<const Secret> password;
  };
  class Child;

  ReaderPool(const Limits& limits, const Clock& clock);
  void hand_out();
  void give_up(std::unique_ptr<Child>& child);
  void take_answer(std::unique_ptr<Child>& child);
  // True where something was heard.
  bool wait_for_children(std::chrono::milliseconds timeout);

  Limits limits_;
  const Clock* clock_;
  std::function<void()> before_fork_;
  std::vector<std::unique_ptr<Child>> children_;  // null: ended, and replaced when there is work
  std::deque<Job> queue_;
  std::deque<Completed> done_;
  std::size_t pending_ = 0;
};

}  // namespace certferry::container
