// The store of tests and of homes that do not exist yet: nothing outlives it. May be used by several threads.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>

#include "store/store.h"

namespace certferry::store {

class MemoryStore final : public Store {
 public:
  Result<std::optional<Entry>> get(std::string_view key) override;
  Result<Listing> list(std::string_view prefix) override;
  Result<Revision> commit(const Batch& batch) override;
  Result<Changes> changes(std::string_view prefix, Revision from) override;
  Result<bool> wait(std::string_view prefix, Revision from, std::chrono::milliseconds limit) override;
  Result<> verify() override { return {}; }

 private:
  struct State {
    std::optional<std::string> value;  // nothing: removed
    Revision revision = 0;
  };
  [[nodiscard]] Revision revision_of(const std::string& key) const;
  [[nodiscard]] bool changed(std::string_view prefix, Revision from) const;

  std::mutex mutex_;  // over all below
  std::condition_variable committed_;
  std::map<std::string, State, std::less<>> states_;
  Revision revision_ = 0;
};

}  // namespace certferry::store
