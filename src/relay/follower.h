// Keeps a hub at what the store says.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/finding.h"
#include "base/result.h"
#include "relay/hub.h"
#include "store/store.h"

namespace certferry::relay {

using OpenStore = std::function<Result<std::unique_ptr<store::Store>>()>;
// One line of the log, from any thread.
using Log = std::function<void(Severity severity, const std::string& line)>;

// A thread with a store of its own. Where that goes away the hub keeps what it knew: computers that are connected stay so,
// others are served from it, and what came meanwhile is told once it is back.
class Follower {
 public:
  // Returns once the hub knows everything. Errors of the store.
  [[nodiscard]] static Result<std::unique_ptr<Follower>> start(Hub& hub, OpenStore open, Log log);
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;
  // Within two seconds, where the store answers.
  ~Follower() = default;

 private:
  Follower(Hub& hub, OpenStore open, Log log) : hub_(hub), open_(std::move(open)), log_(std::move(log)) {}
  [[nodiscard]] Result<> list();
  [[nodiscard]] Result<> look();
  void run(const std::stop_token& stop);
  void pause(const std::stop_token& stop, std::chrono::milliseconds duration);

  Hub& hub_;
  const OpenStore open_;
  const Log log_;
  std::unique_ptr<store::Store> store_;
  store::Revision revision_ = 0;
  std::jthread thread_;  // last: it uses everything else
};

}  // namespace certferry::relay
