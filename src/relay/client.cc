#include "relay/client.h"

#include <grpcpp/alarm.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <random>

#include "relay/relay.grpc.pb.h"
#include "relay/status.h"
#include "relay/tls.h"
#include "x509/digest.h"

namespace certferry::relay {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds kAnswer{5};
constexpr milliseconds kShortestPause{10};
constexpr milliseconds kFirstPause{200};
constexpr milliseconds kLongestPause{5'000};

class GrpcClient final : public Client {
 public:
  GrpcClient(ClientOptions options, std::function<void()> changed)
      : options_(std::move(options)), changed_(std::move(changed)), random_(std::random_device()()) {
    prepare_process();
    grpc::SslCredentialsOptions tls;
    tls.pem_root_certs = options_.anchor;
    if (!options_.identity.empty()) {
      tls.pem_cert_chain = options_.identity;
      tls.pem_private_key = options_.identity_key.text();
    }
    credentials_ = grpc::SslCredentials(tls);
    state_.relay = options_.relays.front();
  }

  ~GrpcClient() override {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    const std::shared_ptr<Call> call = call_;
    lock.unlock();
    if (call) call->context.TryCancel();
    lock.lock();
    alarm_->Cancel();
    idle_.wait(lock, [this] { return users_ == 0; });
  }

  void follow() override {
    {
      const std::scoped_lock lock(mutex_);
      ++users_;
    }
    begin();
  }

  std::optional<Entries> entries() const override {
    const std::scoped_lock lock(mutex_);
    return complete_;
  }

  State state() const override {
    const std::scoped_lock lock(mutex_);
    return state_;
  }

  Result<> report(const std::string& statement) override {
    v1::ReportRequest request;
    request.set_computer(options_.fqdn);
    request.set_statement(statement);
    v1::ReportReply reply;
    return ask(
        [&](v1::Relay::Stub& stub, grpc::ClientContext& context) { return stub.Report(&context, request, &reply); });
  }

  Result<bool> join(const std::string& statement) override {
    v1::JoinRequest request;
    request.set_computer(options_.fqdn);
    request.set_statement(statement);
    v1::JoinReply reply;
    CERTFERRY_TRY(
        ask([&](v1::Relay::Stub& stub, grpc::ClientContext& context) { return stub.Join(&context, request, &reply); }));
    return reply.by_token();
  }

 private:
  // One try to follow; keeps itself alive until gRPC is done with it.
  struct Call final : grpc::ClientReadReactor<v1::Update> {
    Call(GrpcClient& its_client, std::unique_ptr<v1::Relay::Stub> its_stub)
        : client(its_client), stub(std::move(its_stub)) {}

    void OnReadDone(bool ok) override {
      if (!ok) return;  // OnDone comes
      client.received(update);
      update.Clear();
      StartRead(&update);
    }
    void OnDone(const grpc::Status& status) override {
      const auto last = std::move(self);
      client.ended(status);
    }

    GrpcClient& client;
    std::unique_ptr<v1::Relay::Stub> stub;
    grpc::ClientContext context;
    v1::FollowRequest request;
    v1::Update update;
    std::shared_ptr<Call> self;
  };

  // A channel of its own for each try: one that failed once would not try again at once.
  [[nodiscard]] std::unique_ptr<v1::Relay::Stub> stub(const std::string& relay) const {
    return v1::Relay::NewStub(grpc::CreateCustomChannel("dns:///" + relay, credentials_, client_arguments()));
  }

  template <typename Ask>
  [[nodiscard]] Result<> ask(const Ask& one) {
    Result<> answer;
    std::unique_lock lock(mutex_);
    const std::size_t first = current_;
    lock.unlock();
    for (std::size_t i = 0; i < options_.relays.size(); ++i) {
      const std::string& relay = options_.relays[(first + i) % options_.relays.size()];
      grpc::ClientContext context;
      context.set_deadline(after(kAnswer));
      const grpc::Status status = one(*stub(relay), context);
      if (status.ok()) return {};
      answer = std::unexpected(error_of(status, relay));
      if (answer.error().id == "CF2312") break;
    }
    return answer;
  }

  void begin() {
    std::unique_lock lock(mutex_);
    if (stopping_) return leave();
    ++users_;
    const std::string& relay = options_.relays[current_];
    state_.relay = relay;
    const auto call = std::make_shared<Call>(*this, stub(relay));
    call->self = call;
    call->request.set_computer(options_.fqdn);
    for (const auto& [key, value] : known_) {
      v1::Known& one = *call->request.add_known();
      one.set_key(key);
      const auto sha256 = x509::sha256(as_bytes(value));
      one.set_sha256(sha256.data(), sha256.size());
    }
    call_ = call;
    lock.unlock();
    call->stub->async()->Follow(&call->context, &call->request, call.get());
    call->StartRead(&call->update);
    call->StartCall();
    // Else the end could have been asked for before there was something to cancel.
    lock.lock();
    if (stopping_) call->context.TryCancel();
    leave();
  }

  void received(const v1::Update& update) {
    {
      const std::scoped_lock lock(mutex_);
      for (const v1::Entry& entry : update.entries()) known_[entry.key()] = entry.value();
      for (const std::string& key : update.removed()) known_.erase(key);
      state_.connected = true;
      state_.trouble.reset();
      failures_ = 0;
      if (!update.complete()) return;
      complete_ = known_;
    }
    changed_();
  }

  void ended(const grpc::Status& status) {
    std::unique_lock lock(mutex_);
    call_.reset();
    state_.connected = false;
    if (stopping_) return leave();
    ++users_;
    const bool moved = status.error_code() == grpc::StatusCode::ABORTED;
    if (!moved) state_.trouble = error_of(status, state_.relay);
    // The first failures pass to the next relay at once; then longer and longer, each computer at another moment.
    milliseconds most = kShortestPause;
    if (!moved) {
      current_ = (current_ + 1) % options_.relays.size();
      const std::size_t rounds = failures_++ / options_.relays.size();
      most = std::min(kLongestPause, kFirstPause * (1 << std::min<std::size_t>(rounds, 10)));
    }
    std::uniform_int_distribution<long> within(kShortestPause.count(), most.count());
    const gpr_timespec at = after(milliseconds(within(random_)));
    lock.unlock();
    if (!moved) changed_();
    lock.lock();
    // A new one: the last one's callback may still be on its way out of begin().
    alarm_ = std::make_unique<grpc::Alarm>();
    alarm_->Set(at, [this](bool) { begin(); });
    if (stopping_) alarm_->Cancel();
    leave();
  }

  // With the lock held, as the last thing that is done: the one who waits destroys everything as soon as it gets that.
  void leave() {
    if (--users_ == 0) idle_.notify_all();
  }

  const ClientOptions options_;
  const std::function<void()> changed_;
  std::shared_ptr<grpc::ChannelCredentials> credentials_;
  mutable std::mutex mutex_;  // over all below
  std::condition_variable idle_;
  int users_ = 0;  // whoever may still come back to this object: the row of calls and pauses, and functions under way
  bool stopping_ = false;
  std::shared_ptr<Call> call_;
  std::unique_ptr<grpc::Alarm> alarm_ = std::make_unique<grpc::Alarm>();
  std::size_t current_ = 0;
  std::size_t failures_ = 0;  // since something came
  Entries known_;
  std::optional<Entries> complete_;
  State state_;
  std::mt19937 random_;
};

}  // namespace

Result<std::unique_ptr<Client>> Client::make(ClientOptions options, std::function<void()> changed) {
  if (options.relays.empty()) {
    return fail(ErrorKind::kUsage, "CF2313", "no relay is named",
                "name one with --relay HOST:PORT where the token is made (certferry computer add)");
  }
  return std::make_unique<GrpcClient>(std::move(options), std::move(changed));
}

}  // namespace certferry::relay
