// What an agent sleeps for: a date, a change of the store, the end.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/result.h"

namespace certferry::agent {

// Keeps SIGTERM, SIGINT and SIGHUP from this thread and those that it will start, until Wakeups takes them.
void block_signals();

// One thread. Between two calls of wait() nothing is lost: what happens then makes the next one return at once.
class Wakeups {
 public:
  enum class Reason {
    kDate,        // the date has come
    kClockSet,    // somebody set the clock: dates have to be looked at again
    kStore,       // something is being written to the home's store: the commit may not be visible yet
    kReload,      // SIGHUP
    kFleet,       // what also() named is readable
    kStop,        // SIGTERM or SIGINT
  };

  // Watches the store of the home, which has to exist. Takes SIGTERM, SIGINT and SIGHUP over for this thread; other threads have to
  // block them. CF2101 where the kernel refuses.
  [[nodiscard]] static Result<Wakeups> make(const std::string& home);

  // From then on it wakes as long as `descriptor` is readable; its owner makes it unreadable. -1: none.
  void also(int descriptor) { also_ = descriptor; }

  // Sleeps without ever waking in between. `date`: by the computer's clock; nothing: for ever. A date that has passed
  // returns at once. CF2101.
  [[nodiscard]] Result<Reason> wait(std::optional<Time> date);

 private:
  Wakeups() = default;
  [[nodiscard]] bool store_was_written();

  Descriptor timer_;
  Descriptor watch_;
  Descriptor signals_;
  int also_ = -1;
};

}  // namespace certferry::agent
