#include "agent/store_watch.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>

namespace certferry::agent {
namespace {

// How long the end may have to wait for the thread.
constexpr std::chrono::milliseconds kSlice{1'000};
// After an error; the agent finds out and tells it when it looks.
constexpr std::chrono::seconds kPause{10};

void sleep_until_stopped(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  stopped.wait_for(lock, stop, kPause, [] { return false; });
}

}  // namespace

Result<std::unique_ptr<StoreWatch>> StoreWatch::make(Open open) {
  Descriptor came(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!came.valid())
    return fail(ErrorKind::kFailed, "CF2101", "the agent cannot wait: eventfd",
                "look at the limits of the service (open files), then start it again");
  return std::unique_ptr<StoreWatch>(new StoreWatch(std::move(came), std::move(open)));
}

StoreWatch::StoreWatch(Descriptor came, Open open)
    : came_(std::move(came)), open_(std::move(open)), thread_([this](const std::stop_token& stop) { run(stop); }) {}

void StoreWatch::tell() {
  const std::uint64_t one = 1;
  // It fails where there is more to tell already.
  if (::write(came_.get(), &one, sizeof one) < 0) return;
}

void StoreWatch::drain() {
  std::uint64_t count = 0;
  if (::read(came_.get(), &count, sizeof count) < 0) return;
}

Result<> StoreWatch::follow(const std::stop_token& stop) {
  CERTFERRY_ASSIGN(const std::unique_ptr<store::Store> store, open_());
  store::Revision seen = 0;
  while (!stop.stop_requested()) {
    // The store's revision; of what changed the agent reads all that it needs by itself.
    CERTFERRY_ASSIGN(const store::Listing now, store->list("copy/"));
    if (now.revision != seen) tell();
    seen = now.revision;
    for (bool changed = false; !changed && !stop.stop_requested();) {
      CERTFERRY_ASSIGN(changed, store->wait("", seen, kSlice));
    }
  }
  return {};
}

void StoreWatch::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (follow(stop)) return;
    tell();
    sleep_until_stopped(stop);
  }
}

}  // namespace certferry::agent
