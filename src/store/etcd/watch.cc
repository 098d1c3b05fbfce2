#include "store/etcd/watch.h"

#include <grpc/support/time.h>

#include <algorithm>

#include "store/etcd/prefix.h"

namespace certferry::store::etcd {
namespace {

// A member that was asked and does not say that it watches is left.
constexpr std::chrono::milliseconds kCreationLimit{2'000};

enum Tag : std::intptr_t { kStart = 1, kWrite, kRead, kFinish };
void* tag_of(Tag tag) { return reinterpret_cast<void*>(tag); }

}  // namespace

struct Watch::Stream {
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<etcdserverpb::WatchRequest, etcdserverpb::WatchResponse>> calls;
  etcdserverpb::WatchRequest request;
  etcdserverpb::WatchResponse response;
  std::string prefix;
  Revision start = 0;    // events after it are told
  Revision newest = 0;   // of the events that came
  bool created = false;
  std::chrono::nanoseconds opened{0};
};

Watch::Watch(Connection& connection) : connection_(connection) {}
Watch::~Watch() { close(); }

void Watch::open(const std::string& prefix, Revision from) {
  close();
  connection_.connect();
  stream_ = std::make_unique<Stream>();
  stream_->prefix = prefix;
  stream_->start = from;
  stream_->opened = connection_.now();
  auto& create = *stream_->request.mutable_create_request();
  create.set_key(prefix);
  create.set_range_end(end_of_prefix(prefix));
  create.set_start_revision(static_cast<std::int64_t>(from) + 1);
  // A deadline would end it.
  Connection::prepare(stream_->context, std::chrono::milliseconds(0));
  stream_->calls = connection_.member().watch->PrepareAsyncWatch(&stream_->context, &stream_->queue);
  stream_->calls->StartCall(tag_of(kStart));
}

void Watch::close() {
  if (!stream_) return;
  stream_->context.TryCancel();
  stream_->queue.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (stream_->queue.Next(&tag, &ok)) {
  }
  stream_.reset();
}

Watch::Heard Watch::take_response(Revision from) {
  const etcdserverpb::WatchResponse& response = stream_->response;
  if (response.canceled()) {
    const bool compacted = response.compact_revision() > 0;
    last_ = grpc::Status(grpc::StatusCode::UNAVAILABLE, response.cancel_reason());
    // What is gone may have been of interest.
    return compacted ? Heard::kChange : Heard::kEnd;
  }
  stream_->created = stream_->created || response.created();
  for (const mvccpb::Event& event : response.events())
    stream_->newest = std::max(stream_->newest, static_cast<Revision>(event.kv().mod_revision()));
  return stream_->newest > from ? Heard::kChange : Heard::kNothing;
}

Watch::Heard Watch::listen(Revision from, std::chrono::nanoseconds end) {
  while (true) {
    auto until = end;
    if (!stream_->created) until = std::min(until, stream_->opened + kCreationLimit);
    const auto left = std::max(until - connection_.now(), std::chrono::nanoseconds(0));
    void* tag = nullptr;
    bool ok = false;
    const auto next = stream_->queue.AsyncNext(&tag, &ok, gpr_time_from_nanos(left.count(), GPR_TIMESPAN));
    if (next == grpc::CompletionQueue::TIMEOUT) {
      if (stream_->created || until == end) return Heard::kNothing;
      last_ = grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, "it does not begin to watch");
      return Heard::kEnd;
    }
    if (next == grpc::CompletionQueue::SHUTDOWN || tag == tag_of(kFinish)) return Heard::kEnd;
    if (!ok) {
      if (tag != tag_of(kWrite)) stream_->calls->Finish(&last_, tag_of(kFinish));
      continue;
    }
    if (tag == tag_of(kStart)) {
      stream_->calls->Write(stream_->request, tag_of(kWrite));
      stream_->calls->Read(&stream_->response, tag_of(kRead));
    } else if (tag == tag_of(kRead)) {
      const Heard heard = take_response(from);
      if (heard == Heard::kEnd || stream_->response.canceled()) return heard;
      stream_->calls->Read(&stream_->response, tag_of(kRead));
      if (heard == Heard::kChange) return heard;
    }
  }
}

Result<bool> Watch::wait(const std::string& prefix, Revision from, std::chrono::milliseconds limit) {
  const auto end = connection_.now() + limit;
  while (true) {
    // Events that this stream will not tell, or may have told of already.
    if (stream_ && (stream_->prefix != prefix || stream_->start > from)) close();
    if (stream_ && stream_->newest > from) return true;
    if (!stream_) open(prefix, from);
    const Heard heard = listen(from, end);
    if (heard == Heard::kChange) {
      if (stream_->response.canceled()) close();
      return true;
    }
    if (heard == Heard::kNothing) {
      if (stream_->created) return false;
      return connection_.error(last_.ok() ? grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, "no answer") : last_);
    }
    close();
    if (connection_.now() >= end) return connection_.error(last_);
    connection_.next();
  }
}

}  // namespace certferry::store::etcd
