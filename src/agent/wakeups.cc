#include "agent/wakeups.h"

#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace certferry::agent {
namespace {

std::unexpected<Error> refused(const char* call) {
  return fail(ErrorKind::kFailed, "CF2101", std::string("the agent cannot wait: ") + call + ": " + std::strerror(errno),
              "look at the limits of the service (inotify watches, open files), then start it again");
}

sigset_t taken_signals() {
  sigset_t taken;
  ::sigemptyset(&taken);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&taken, signal);
  return taken;
}

}  // namespace

void block_signals() {
  const sigset_t taken = taken_signals();
  ::pthread_sigmask(SIG_BLOCK, &taken, nullptr);
}

Result<Wakeups> Wakeups::make(const std::string& home) {
  Wakeups made;
  made.timer_ = Descriptor(::timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!made.timer_.valid()) return refused("timerfd_create");
  made.watch_ = Descriptor(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  // The folder and not the files: SQLite makes its -wal anew.
  if (!made.watch_.valid() ||
      ::inotify_add_watch(made.watch_.get(), home.c_str(), IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
    return refused("inotify");
  const sigset_t taken = taken_signals();
  if (::pthread_sigmask(SIG_BLOCK, &taken, nullptr) != 0) return refused("pthread_sigmask");
  made.signals_ = Descriptor(::signalfd(-1, &taken, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!made.signals_.valid()) return refused("signalfd");
  return made;
}

Result<Wakeups::Reason> Wakeups::wait(std::optional<Time> date) {
  // Also where there is no date: the timer tells when somebody sets the clock.
  constexpr Time kNever = std::chrono::sys_days(std::chrono::year(2200) / 1 / 1);
  itimerspec at{};
  at.it_value.tv_sec = date.value_or(kNever).time_since_epoch().count();
  if (at.it_value.tv_sec <= 0) at.it_value.tv_nsec = 1;  // zero would disarm it
  if (::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &at, nullptr) != 0 &&
      errno != ECANCELED)
    return refused("timerfd_settime");
  while (true) {
    std::array<pollfd, 4> wanted = {pollfd{signals_.get(), POLLIN, 0}, pollfd{timer_.get(), POLLIN, 0},
                                    pollfd{watch_.get(), POLLIN, 0}, pollfd{also_, POLLIN, 0}};
    if (::poll(wanted.data(), wanted.size(), -1) < 0) {
      if (errno == EINTR) continue;
      return refused("poll");
    }
    signalfd_siginfo signal{};
    if (::read(signals_.get(), &signal, sizeof signal) == sizeof signal)
      return signal.ssi_signo == SIGHUP ? Reason::kReload : Reason::kStop;
    std::uint64_t expirations = 0;
    const ssize_t size = ::read(timer_.get(), &expirations, sizeof expirations);
    if (size == sizeof expirations) return Reason::kDate;
    if (size < 0 && errno == ECANCELED) return Reason::kClockSet;
    if (store_was_written()) return Reason::kStore;
    if ((wanted[3].revents & POLLIN) != 0) return Reason::kFleet;
  }
}

bool Wakeups::store_was_written() {
  alignas(inotify_event) std::array<char, 4096> buffer;
  bool written = false;
  ssize_t size = 0;
  while ((size = ::read(watch_.get(), buffer.data(), buffer.size())) > 0) {
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const std::string_view name = event.len > 0 ? buffer.data() + at + sizeof event : "";
      // Not the -shm, which readers write to as well. An overflow may have been about anything.
      written = written || (event.mask & IN_Q_OVERFLOW) != 0 || name == "certferry.db" || name == "certferry.db-wal" ||
                name == "certferry.toml";
      at += sizeof event + event.len;
    }
  }
  return written;
}

}  // namespace certferry::agent
