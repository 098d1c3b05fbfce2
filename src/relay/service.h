// relay.proto's service, over a hub and a writer.
#pragma once

#include "base/clock.h"
#include "relay/hub.h"
#include "relay/rate_limit.h"
#include "relay/relay.grpc.pb.h"
#include "relay/writer.h"

namespace certferry::relay {

// Outlives the server that it is registered with. Calls come on gRPC's threads; none of them waits.
class Service final : public v1::Relay::CallbackService {
 public:
  static constexpr std::size_t kLargestStatement = 256 * 1024;  // octets
  static constexpr std::size_t kMostKnown = 10'000;
  static constexpr std::size_t kMostRequests = 1'024;  // of computers without a token, in the store

  Service(Hub& hub, Writer& writer, const Clock& clock)
      : hub_(hub), writer_(writer), clock_(clock), joins_(clock, 20, std::chrono::milliseconds(200)) {}

  grpc::ServerWriteReactor<v1::Update>* Follow(grpc::CallbackServerContext* context,
                                               const v1::FollowRequest* request) override;
  grpc::ServerUnaryReactor* Report(grpc::CallbackServerContext* context, const v1::ReportRequest* request,
                                   v1::ReportReply* reply) override;
  grpc::ServerUnaryReactor* Join(grpc::CallbackServerContext* context, const v1::JoinRequest* request,
                                 v1::JoinReply* reply) override;

 private:
  Hub& hub_;
  Writer& writer_;
  const Clock& clock_;
  RateLimit joins_;
};

}  // namespace certferry::relay
