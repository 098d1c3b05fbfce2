// Writes what computers say into the store, many in one commit.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "relay/follower.h"

namespace certferry::relay {

// A thread with a store of its own. put() may be called by any thread.
class Writer {
 public:
  static constexpr std::size_t kMostWaiting = 20'000;  // keys
  // Called once, by the writer's thread, when the value (or a newer one for its key) is durable or was given up.
  using Done = std::function<void(const Result<>&)>;

  explicit Writer(OpenStore open);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  // What waits is given up with CF2306.
  ~Writer();

  // Of several values for one key the last one is written. `done` gets errors of the store, or CF2306 (kUnreachable) where
  // too many wait.
  void put(std::string key, std::string value, Done done);

 private:
  struct Waiting {
    std::string value;
    std::vector<Done> done;
  };
  using Queue = std::map<std::string, Waiting>;

  void run(const std::stop_token& stop);
  [[nodiscard]] Queue next(const std::stop_token& stop);
  [[nodiscard]] Result<> write(const Queue& some);

  const OpenStore open_;
  std::unique_ptr<store::Store> store_;  // the thread's
  std::mutex mutex_;  // over the queue
  std::condition_variable_any filled_;
  Queue queue_;
  std::jthread thread_;  // last: it uses everything else
};

}  // namespace certferry::relay
