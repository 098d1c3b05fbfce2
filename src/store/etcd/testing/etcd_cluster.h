// Real etcd members on loopback, each with a data folder of its own, stopped by pid. Not part of the program.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "store/etcd/connection.h"
#include "store/etcd_url.h"

namespace certferry::store::testing {

class EtcdCluster {
 public:
  struct Options {
    std::size_t members = 1;
    std::vector<std::string> arguments = {};  // of every member
    bool tls = false;  // both sides show certificates
  };
  // Starts them and waits until they serve; throws std::runtime_error with what a member wrote where it does not.
  explicit EtcdCluster(const Options& options);
  ~EtcdCluster();
  EtcdCluster(const EtcdCluster&) = delete;
  EtcdCluster& operator=(const EtcdCluster&) = delete;

  // A store of that name; the members in their order.
  [[nodiscard]] EtcdUrl url(const std::string& name) const;
  // One member, as its clients see it.
  [[nodiscard]] std::unique_ptr<etcd::Connection> connect(std::size_t member) const;
  [[nodiscard]] std::size_t size() const { return members_.size(); }
  // Which member leads; waits for one.
  [[nodiscard]] std::size_t leader() const;

  void kill(std::size_t member);  // SIGKILL
  void pause(std::size_t member) const;  // SIGSTOP
  void resume(std::size_t member) const;
  void start(std::size_t member);  // after kill(); does not wait
  void wait_until_served(std::size_t member) const;

  // Of the first member.
  void compact() const;
  [[nodiscard]] std::int64_t revision() const;

  // PEM files below the folder, with tls.
  [[nodiscard]] std::string file(const std::string& name) const { return folder_ + "/" + name; }

 private:
  struct Member {
    std::uint16_t client_port = 0;
    std::uint16_t peer_port = 0;
    pid_t pid = -1;
  };
  void write_certificates() const;
  [[nodiscard]] std::vector<std::string> arguments_of(std::size_t member) const;
  [[nodiscard]] std::string log_of(std::size_t member) const;

  Options options_;
  std::string folder_;
  std::vector<Member> members_;
};

}  // namespace certferry::store::testing
