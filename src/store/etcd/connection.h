// The way to etcd's members: one channel each, and what to do when one does not answer.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store/etcd/etcd.grpc.pb.h"
#include "store/etcd_url.h"

namespace certferry::store::etcd {

// What a status means to somebody who wrote.
enum class Outcome {
  kDone,
  kUnknown,    // it may have happened, or may yet happen
  kNotDone,    // it did not happen, and asking again may help
  kFull,       // the quota is used up; etcd says so of a few commits that it carried out
  kCompacted,  // the revision that was asked for is gone
  kRefused,
};
[[nodiscard]] Outcome outcome_of(const grpc::Status& status);

// For one thread.
class Connection {
 public:
  static constexpr std::chrono::milliseconds kCallLimit{2'000};
  // How long calls are tried again, on one member after the other.
  static constexpr std::chrono::milliseconds kPatience{20'000};

  // Reads the files of the address, connects later. CF1513 a file is missing or no PEM.
  [[nodiscard]] static Result<std::unique_ptr<Connection>> make(const EtcdUrl& url);

  struct Member {
    std::string endpoint;
    std::shared_ptr<grpc::Channel> channel;
    std::unique_ptr<etcdserverpb::KV::Stub> kv;
    std::unique_ptr<etcdserverpb::Watch::Stub> watch;
    std::unique_ptr<etcdserverpb::Maintenance::Stub> maintenance;
  };
  [[nodiscard]] Member& member() { return members_[current_]; }
  [[nodiscard]] std::vector<Member>& members() { return members_; }
  // The member that did not serve is left for the next one; pauses shortly after each round of all of them.
  void next();
  // Gives the current member a moment to be connected. gRPC gets on with that only while somebody waits for it, and a call
  // to a member that was not there last time fails without waiting.
  void connect();
  // A deadline, none for 0.
  static void limit(grpc::ClientContext& context, std::chrono::milliseconds limit);
  // What every call carries: a deadline, and that a member without a leader is of no use.
  static void prepare(grpc::ClientContext& context, std::chrono::milliseconds limit);

  using Call = std::function<grpc::Status(Member&, grpc::ClientContext&)>;
  // For calls that may be made twice: on one member after the other until one answers or patience is over.
  [[nodiscard]] grpc::Status ask(const Call& call);
  // One try on the current member.
  [[nodiscard]] grpc::Status ask_once(const Call& call);

  // CF1503, CF1507 or CF1504, by what etcd said.
  [[nodiscard]] std::unexpected<Error> error(const grpc::Status& status) const;
  [[nodiscard]] std::chrono::nanoseconds now() const { return clock_.monotonic(); }
  [[nodiscard]] std::string endpoints() const;

 private:
  Connection() = default;
  SystemClock clock_;
  std::vector<Member> members_;
  std::size_t current_ = 0;
  std::size_t failures_ = 0;  // since the last answer
};

}  // namespace certferry::store::etcd
