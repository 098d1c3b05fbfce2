#include "relay/tls.h"

#include <cstdlib>

#include "x509/certificate.h"

namespace certferry::relay {
namespace {

constexpr int kPingAfter = 6'000;    // ms without anything heard
constexpr int kPingAnswer = 3'000;   // ms
constexpr int kConnectLimit = 3'000;  // ms
constexpr int kMostOctets = 4 * 1024 * 1024;

std::optional<Bytes> der_of(std::string_view pem) {
  constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----", kEnd = "-----END CERTIFICATE-----";
  const std::size_t begin = pem.find(kBegin), end = pem.find(kEnd);
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) return std::nullopt;
  std::string body(pem.substr(begin + kBegin.size(), end - begin - kBegin.size()));
  std::erase(body, '\n');
  return from_base64(body);
}

}  // namespace

void prepare_process() {
  ::setenv("GRPC_SSL_CIPHER_SUITES", "ECDHE-RSA-AES256-GCM-SHA384", 1);
  ::setenv("GRPC_VERBOSITY", "NONE", 0);
}

std::optional<Bytes> shown_key(const grpc::AuthContext& context) {
  const auto shown = context.FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
  if (shown.size() != 1) return std::nullopt;
  const auto der = der_of({shown[0].data(), shown[0].size()});
  if (!der) return std::nullopt;
  const auto certificate = x509::Certificate::from_der(*der);
  if (!certificate) return std::nullopt;
  return to_bytes((*certificate)->public_key.spki());
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
