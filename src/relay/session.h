// One computer that follows.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "relay/hub.h"
#include "relay/relay.grpc.pb.h"

namespace certferry::relay {

// Sends what the hub has for it, one update at a time: the next one is taken when the last one has left, so that a slow
// computer holds one update. Keeps itself alive until gRPC is done with it.
class Session final : public grpc::ServerWriteReactor<v1::Update>,
                      public Subscriber,
                      public std::enable_shared_from_this<Session> {
 public:
  // To be handed to gRPC.
  [[nodiscard]] static grpc::ServerWriteReactor<v1::Update>* start(Hub& hub, const std::string& fqdn, ByteView identity,
                                                                   const std::vector<Hub::Known>& known);
  [[nodiscard]] static grpc::ServerWriteReactor<v1::Update>* refuse(const Error& error);

  void wake() override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  explicit Session(Hub* hub) : hub_(hub) {}  // for std::make_shared

 private:
  enum class Next { kNothing, kWrite, kFinish };
  // With the lock held; what is to be done without it, as gRPC may call back at once.
  [[nodiscard]] Next next();
  void act(Next next);

  Hub* const hub_;  // null: refused
  std::shared_ptr<Session> self_;  // until OnDone
  std::mutex mutex_;  // over all below
  Hub::Id id_ = 0;
  bool writing_ = false;
  bool cancelled_ = false;
  bool finished_ = false;
  v1::Update update_;  // gRPC's while writing_
  grpc::Status status_;  // how it ends
};

}  // namespace certferry::relay
