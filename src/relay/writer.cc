#include "relay/writer.h"

namespace certferry::relay {
namespace {

std::unexpected<Error> busy(std::string why) {
  return fail(ErrorKind::kUnreachable, "CF2306", "the relay takes nothing at the moment: " + why,
              "nothing is to be done: the computer says it again by itself");
}

void answer(const std::vector<Writer::Done>& waiting, const Result<>& result) {
  for (const Writer::Done& done : waiting) done(result);
}

}  // namespace

Writer::Writer(OpenStore open) : open_(std::move(open)), thread_([this](const std::stop_token& stop) { run(stop); }) {}

Writer::~Writer() {
  thread_.request_stop();
  thread_.join();
  for (const auto& [key, waiting] : queue_) answer(waiting.done, busy("it ends"));
}

void Writer::put(std::string key, std::string value, Done done) {
  {
    const std::scoped_lock lock(mutex_);
    if (queue_.size() < kMostWaiting || queue_.contains(key)) {
      Waiting& waiting = queue_[std::move(key)];
      waiting.value = std::move(value);
      waiting.done.push_back(std::move(done));
      filled_.notify_one();
      return;
    }
  }
  done(busy("too many computers speak at once"));
}

void Writer::run(const std::stop_token& stop) {
  while (true) {
    const Queue some = next(stop);
    if (some.empty()) return;
    const Result<> written = write(some);
    if (!written) store_.reset();
    for (const auto& [key, waiting] : some) answer(waiting.done, written);
  }
}

// As many as one commit carries; empty at the end.
Writer::Queue Writer::next(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  Queue some;
  if (!filled_.wait(lock, stop, [this] { return !queue_.empty(); })) return some;
  if (stop.stop_requested()) return some;
  std::size_t octets = 0;
  while (!queue_.empty() && some.size() < store::Batch::kMaxOperations) {
    const auto& [key, waiting] = *queue_.begin();
    octets += key.size() + waiting.value.size();
    if (!some.empty() && octets > store::Batch::kMaxOctets / 2) break;
    some.insert(queue_.extract(queue_.begin()));
  }
  return some;
}

Result<> Writer::write(const Queue& some) {
  if (!store_) {
    CERTFERRY_ASSIGN(store_, open_());
  }
  store::Batch batch;
  for (const auto& [key, waiting] : some) batch.put(key, waiting.value);
  CERTFERRY_TRY(store_->commit(batch));
  return {};
}

}  // namespace certferry::relay
