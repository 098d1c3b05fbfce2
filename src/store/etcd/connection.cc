#include "store/etcd/connection.h"

#include <grpc/support/log.h>
#include <grpc/support/time.h>

#include <algorithm>
#include <cstdlib>

#include "base/file.h"

namespace certferry::store::etcd {
namespace {

using std::chrono_literals::operator""ms;

// A little more than gRPC takes before it gives up.
constexpr std::chrono::milliseconds kConnectLimit{1'100};
constexpr std::size_t kPemLimit = 1024 * 1024;

Result<std::string> read_pem(const std::string& path, std::string_view what) {
  if (path.empty()) return std::string();
  PosixFileSystem files;
  const Result<Secret> read = files.read(path, kPemLimit);
  const auto refuse = [&](const std::string& why) {
    return fail(ErrorKind::kFailed, "CF1513", "the " + std::string(what) + " for etcd cannot be used: " + why,
                "name a PEM file that you may read in the address of the store");
  };
  if (!read) return refuse(read.error().message);
  std::string text(read->text());
  if (text.find("-----BEGIN ") == std::string::npos) return refuse(path + " holds no PEM");
  return text;
}

grpc::ChannelArguments arguments() {
  grpc::ChannelArguments arguments;
  // Else two channels to one target share what one of them found out.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
  // Also the time that connecting may take: a black hole is left after it.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1'000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1'000);
  // etcd closes connections that ping more often than every five seconds.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 6'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 3'000);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetMaxReceiveMessageSize(-1);
  return arguments;
}

gpr_timespec after(std::chrono::milliseconds duration) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(duration.count(), GPR_TIMESPAN));
}

bool says(const grpc::Status& status, std::string_view words) {
  return status.error_message().find(words) != std::string::npos;
}

// gRPC tells what TLS said in words alone.
bool is_stranger(const grpc::Status& status) {
  return says(status, "CERTIFICATE_VERIFY_FAILED") || says(status, "certificate verify failed") ||
         says(status, "Hostname Verification Check failed") || says(status, "No match found for server name");
}

}  // namespace

Outcome outcome_of(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::OK: return Outcome::kDone;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      if (says(status, "space exceeded")) return Outcome::kFull;
      return says(status, "too many requests") ? Outcome::kNotDone : Outcome::kRefused;
    case grpc::StatusCode::OUT_OF_RANGE: return says(status, "compacted") ? Outcome::kCompacted : Outcome::kRefused;
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::CANCELLED:
    case grpc::StatusCode::ABORTED:
    case grpc::StatusCode::INTERNAL:
    case grpc::StatusCode::UNKNOWN: return Outcome::kUnknown;
    default: return Outcome::kRefused;
  }
}

Result<std::unique_ptr<Connection>> Connection::make(const EtcdUrl& url) {
  // What goes wrong is in the status of a call; nothing else writes to standard error.
  if (!std::getenv("GRPC_VERBOSITY")) ::gpr_set_log_function([](gpr_log_func_args*) {});
  std::unique_ptr<Connection> made(new Connection);
  std::shared_ptr<grpc::ChannelCredentials> credentials;
  if (url.ca.empty()) {
    credentials = grpc::InsecureChannelCredentials();
  } else {
    grpc::SslCredentialsOptions options;
    CERTFERRY_ASSIGN(options.pem_root_certs, read_pem(url.ca, "CA"));
    CERTFERRY_ASSIGN(options.pem_cert_chain, read_pem(url.certificate, "client certificate"));
    CERTFERRY_ASSIGN(options.pem_private_key, read_pem(url.key, "client key"));
    credentials = grpc::SslCredentials(options);
  }
  for (const EtcdEndpoint& endpoint : url.endpoints) {
    Member member;
    member.endpoint = endpoint.text();
    member.channel = grpc::CreateCustomChannel("dns:///" + member.endpoint, credentials, arguments());
    member.kv = etcdserverpb::KV::NewStub(member.channel);
    member.watch = etcdserverpb::Watch::NewStub(member.channel);
    member.maintenance = etcdserverpb::Maintenance::NewStub(member.channel);
    made->members_.push_back(std::move(member));
  }
  return made;
}

void Connection::next() {
  current_ = (current_ + 1) % members_.size();
  if (++failures_ % members_.size() == 0) member().channel->WaitForStateChange(GRPC_CHANNEL_READY, after(100ms));
}

void Connection::connect() {
  grpc::Channel& channel = *member().channel;
  if (channel.GetState(true) == GRPC_CHANNEL_TRANSIENT_FAILURE)
    channel.WaitForStateChange(GRPC_CHANNEL_TRANSIENT_FAILURE, after(100ms));
  const auto end = now() + kConnectLimit;
  for (auto state = channel.GetState(true); state == GRPC_CHANNEL_IDLE || state == GRPC_CHANNEL_CONNECTING;
       state = channel.GetState(true)) {
    const auto left = std::chrono::floor<std::chrono::milliseconds>(end - now());
    if (left <= 0ms || !channel.WaitForStateChange(state, after(left))) return;
  }
}

void Connection::limit(grpc::ClientContext& context, std::chrono::milliseconds limit) {
  if (limit > 0ms) context.set_deadline(after(limit));
}

void Connection::prepare(grpc::ClientContext& context, std::chrono::milliseconds limit) {
  context.AddMetadata("hasleader", "true");
  Connection::limit(context, limit);
}

grpc::Status Connection::ask_once(const Call& call) {
  connect();
  grpc::ClientContext context;
  prepare(context, kCallLimit);
  grpc::Status status = call(member(), context);
  if (status.ok()) failures_ = 0;
  return status;
}

grpc::Status Connection::ask(const Call& call) {
  const auto end = now() + kPatience;
  // Members one after the other whose certificates are wrong: waiting makes none of them right.
  std::size_t strangers = 0;
  while (true) {
    grpc::Status status = ask_once(call);
    const Outcome outcome = outcome_of(status);
    if ((outcome != Outcome::kUnknown && outcome != Outcome::kNotDone) || now() >= end) return status;
    strangers = is_stranger(status) ? strangers + 1 : 0;
    if (strangers > members_.size()) return status;
    next();
  }
}

std::string Connection::endpoints() const {
  std::string text;
  for (const Member& member : members_) text += (text.empty() ? "" : ",") + member.endpoint;
  return text;
}

std::unexpected<Error> Connection::error(const grpc::Status& status) const {
  if (outcome_of(status) == Outcome::kFull) {
    return fail(ErrorKind::kFailed, "CF1507", "etcd at " + endpoints() + " takes no more writes: its quota is used up",
                "compact it, defragment every member, then disarm the alarm (etcdctl compact, defrag, alarm disarm); "
                "nothing was changed");
  }
  if (says(status, "corrupt")) {
    return fail(ErrorKind::kFailed, "CF1504", "etcd at " + endpoints() + " says that its data is damaged",
                "replace the member that is damaged, or restore etcd from a snapshot");
  }
  return fail(ErrorKind::kUnreachable, "CF1503",
              "the store on etcd at " + endpoints() + " cannot be used: " + status.error_message(),
              "check that etcd runs, that most of its members do, and that the address and its certificates are right");
}

}  // namespace certferry::store::etcd
