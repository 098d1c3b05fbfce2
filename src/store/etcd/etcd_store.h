// The store of fleets: etcd, one or several members, talked to over gRPC.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "store/etcd_url.h"
#include "store/store.h"

namespace certferry::store {

// Keys lie below /certferry/<name>/k/, each value with the number of the commit that wrote it (value.h). Calls go to one
// member until it does not answer, then to the next; a commit whose answer was lost is looked for, so that it is neither
// made twice nor reported as failed. What needs a majority waits for one for 20 seconds, then is CF1503.
class EtcdStore final : public Store {
 public:
  enum class Access { kRead, kWrite };
  // Connects; kWrite makes the store where there is none, kRead says CF1503 then. CF1505, CF1513.
  [[nodiscard]] static Result<std::unique_ptr<EtcdStore>> open(const EtcdUrl& url, Access access);
  ~EtcdStore() override;

  Result<std::optional<Entry>> get(std::string_view key) override;
  Result<Listing> list(std::string_view prefix) override;
  Result<Revision> commit(const Batch& batch) override;
  // Of the state that is there, so that no compaction matters; reads the whole prefix on the server.
  Result<Changes> changes(std::string_view prefix, Revision from) override;
  Result<bool> wait(std::string_view prefix, Revision from, std::chrono::milliseconds limit) override;
  // Erases the places of keys that were removed more than a day before an earlier call; at most once in a day. Returns how many.
  [[nodiscard]] Result<std::size_t> purge(Time now);
  // Reads everything, and asks for etcd's alarms: CF1504 or CF1507.
  Result<> verify() override;

 private:
  class Implementation;
  explicit EtcdStore(std::unique_ptr<Implementation> implementation);
  void begin_reading() override;
  void end_reading() override;

  std::unique_ptr<Implementation> implementation_;
};

}  // namespace certferry::store
