// One watch stream, kept from one wait to the next.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "store/etcd/connection.h"
#include "store/store.h"

namespace certferry::store::etcd {

// For one thread.
class Watch {
 public:
  explicit Watch(Connection& connection);
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch();

  // As Store::wait, of whole keys. A stream that ends is opened anew, on the next member, from the same revision: nothing
  // is missed. CF1503 where none was open at the end of the limit.
  [[nodiscard]] Result<bool> wait(const std::string& prefix, Revision from, std::chrono::milliseconds limit);

 private:
  struct Stream;
  // Sends the request; whether etcd takes it shows later.
  void open(const std::string& prefix, Revision from);
  void close();
  // Reads on until something came, the stream ended (it is closed then), or the limit is over.
  enum class Heard { kNothing, kChange, kEnd };
  [[nodiscard]] Heard listen(Revision from, std::chrono::nanoseconds end);
  [[nodiscard]] Heard take_response(Revision from);

  Connection& connection_;
  std::unique_ptr<Stream> stream_;
  grpc::Status last_;  // why the last stream ended
};

}  // namespace certferry::store::etcd
