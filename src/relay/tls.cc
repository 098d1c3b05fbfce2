#include "relay/tls.h"

#include <absl/synchronization/mutex.h>
#include <grpc/support/time.h>

#include <cstdlib>
#include <memory>

#include "relay/relay.grpc.pb.h"
#include "seal/certificates.h"

namespace certferry::relay {
namespace {

constexpr int kPingAfter = 6'000;    // ms without anything heard
constexpr int kPingAnswer = 3'000;   // ms
constexpr int kConnectLimit = 6'000;  // ms
constexpr int kMostOctets = 4 * 1024 * 1024;

std::optional<x509::Certificate> first_of(std::string_view pem) {
  constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----", kEnd = "-----END CERTIFICATE-----";
  const std::size_t begin = pem.find(kBegin), end = pem.find(kEnd);
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) return std::nullopt;
  std::string body(pem.substr(begin + kBegin.size(), end - begin - kBegin.size()));
  std::erase(body, '\n');
  const auto der = from_base64(body);
  if (!der) return std::nullopt;
  auto read = x509::Certificate::from_der(*der);
  if (!read) return std::nullopt;
  return std::move(*read);
}

// The threads that call back live as long as some channel or server does; the last one that goes ends them, and must not go on
// one of them, as one that a callback lets go of does. So there is one that never goes.
void keep_callbacks_running() {
  static const auto& channel =
      *std::make_unique<std::shared_ptr<grpc::Channel>>(
           grpc::CreateChannel("unix-abstract:certferry-nobody", grpc::InsecureChannelCredentials()))
           .release();
  struct Nothing {
    grpc::ClientContext context;
    v1::JoinRequest request;
    v1::JoinReply reply;
  };
  // gRPC starts them with the first call.
  const auto call = std::make_shared<Nothing>();
  v1::Relay::NewStub(channel)->async()->Join(&call->context, &call->request, &call->reply,
                                             [call](const grpc::Status&) {});
}

}  // namespace

void prepare_process() {
  // Once: whoever reads the environment meanwhile must not see it change.
  static const bool done = [] {
    ::setenv("GRPC_SSL_CIPHER_SUITES", "ECDHE-RSA-AES256-GCM-SHA384", 1);
    ::setenv("GRPC_VERBOSITY", "NONE", 0);
    // Debian's Abseil is built to look for deadlocks; what that costs grows with the square of the connections.
    absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
    keep_callbacks_running();
    return true;
  }();
  static_cast<void>(done);
}

std::optional<Bytes> shown_identity(const grpc::AuthContext& context) {
  const auto shown = context.FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
  const auto chain = context.FindPropertyValues(GRPC_X509_PEM_CERT_CHAIN_PROPERTY_NAME);
  if (shown.size() != 1 || chain.size() != 1) return std::nullopt;
  const auto certificate = first_of({shown[0].data(), shown[0].size()});
  const auto issuer = first_of({chain[0].data(), chain[0].size()});
  if (!certificate || !issuer) return std::nullopt;
  return seal::identity_behind(*certificate, *issuer);
}

gpr_timespec after(std::chrono::milliseconds duration) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(duration.count(), GPR_TIMESPAN));
}

grpc::ChannelArguments client_arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  // Also the time that connecting may take.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectLimit);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kPingAfter);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingAnswer);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetMaxReceiveMessageSize(kMostOctets);
  return arguments;
}

void set_server_arguments(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kMostOctets);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kPingAfter / 2);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
  // A computer that is gone without a word, so that its memory is freed.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
}

}  // namespace certferry::relay
