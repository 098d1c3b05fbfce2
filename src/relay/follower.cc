#include "relay/follower.h"

#include <condition_variable>
#include <mutex>

namespace certferry::relay {
namespace {

using std::chrono_literals::operator""ms;

constexpr std::string_view kAll = "fleet/";
constexpr std::chrono::milliseconds kWait{1'500};
constexpr std::chrono::milliseconds kHold{200};  // from the last sealed key to its manifest
constexpr std::chrono::milliseconds kFirstPause{100};
constexpr std::chrono::milliseconds kLongestPause{2'000};

}  // namespace

Result<std::unique_ptr<Follower>> Follower::start(Hub& hub, OpenStore open, Log log) {
  std::unique_ptr<Follower> made(new Follower(hub, std::move(open), std::move(log)));
  CERTFERRY_TRY(made->list());
  made->thread_ = std::jthread([follower = made.get()](const std::stop_token& stop) { follower->run(stop); });
  return made;
}

Result<> Follower::list() {
  if (!store_) {
    CERTFERRY_ASSIGN(store_, open_());
  }
  CERTFERRY_ASSIGN(const store::Listing listing, store_->list(kAll));
  hub_.replace(listing.entries);
  revision_ = listing.revision;
  return {};
}

Result<> Follower::look() {
  if (!store_) return list();
  const bool holds = hub_.holds();
  CERTFERRY_ASSIGN(const bool changed, store_->wait(kAll, revision_, holds ? kHold : kWait));
  if (holds && !changed) hub_.release();
  CERTFERRY_ASSIGN(const store::Changes changes, store_->changes(kAll, revision_));
  if (changes.compacted) return list();
  hub_.apply(changes.changes);
  revision_ = changes.revision;
  return {};
}

void Follower::run(const std::stop_token& stop) {
  std::chrono::milliseconds rest = kFirstPause;
  while (!stop.stop_requested()) {
    const Result<> looked = look();
    if (looked) {
      if (rest > kFirstPause) log_(Severity::kInfo, "the store answers again");
      rest = kFirstPause;
      continue;
    }
    if (rest == kFirstPause)
      log_(Severity::kWarning, looked.error().id + ": " + looked.error().message + "; fix: " + looked.error().fix);
    // Opened anew: a store that was replaced is another file.
    store_.reset();
    pause(stop, rest);
    rest = std::min(rest * 2, kLongestPause);
  }
}

void Follower::pause(const std::stop_token& stop, std::chrono::milliseconds duration) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any stopped;
  stopped.wait_for(lock, stop, duration, [] { return false; });
}

}  // namespace certferry::relay
