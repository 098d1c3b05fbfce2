// A way to one etcd member that loses an answer when it is told to: what was asked has happened then. Not part of the program.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>

#include "base/descriptor.h"

namespace certferry::store::testing {

class CuttingProxy {
 public:
  // Listens on loopback and leads to that port of it. Without TLS only.
  explicit CuttingProxy(std::uint16_t target);
  ~CuttingProxy();
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  // The next call's answer is swallowed: `meanwhile` runs in the proxy's thread, then the connection ends, and nobody can
  // connect any more.
  void lose_next_answer(std::function<void()> meanwhile);
  [[nodiscard]] bool lost() const { return lost_; }

 private:
  void run();
  // One round of copying; false when the connection is over.
  bool copy(int client, int server);

  Descriptor listener_;
  Descriptor wakeup_;  // closes the thread down
  std::uint16_t port_ = 0;
  std::uint16_t target_ = 0;
  std::function<void()> meanwhile_;  // set before armed_
  std::atomic<bool> armed_ = false;
  std::atomic<bool> asked_ = false;  // something went to the server since it was armed
  std::atomic<bool> lost_ = false;
  std::jthread thread_;
};

}  // namespace certferry::store::testing
