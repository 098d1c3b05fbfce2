// One thread that does what it is given, in order.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace certferry::commands {

// Belongs to one thread. What is given must not throw.
class Background {
 public:
  Background() = default;
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  ~Background() { stop(); }

  // Starts the thread where there is none.
  void give(std::function<void()> work);
  // Returns when everything given has been done.
  void wait();
  // As wait(); afterwards there is no thread, until the next give().
  void stop();

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> work_;
  bool busy_ = false;
  bool ending_ = false;
  std::jthread thread_;
};

}  // namespace certferry::commands
