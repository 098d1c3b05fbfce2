// Tells an agent whose store is on etcd that something was committed there. The embedded store's file tells by itself.
#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "base/descriptor.h"
#include "base/result.h"
#include "store/store.h"

namespace certferry::agent {

class StoreWatch {
 public:
  using Open = std::function<Result<std::unique_ptr<store::Store>>()>;
  // Watches from then on, in a thread with a connection of its own, until it is destroyed. CF2101 where the kernel refuses.
  [[nodiscard]] static Result<std::unique_ptr<StoreWatch>> make(Open open);
  StoreWatch(const StoreWatch&) = delete;
  StoreWatch& operator=(const StoreWatch&) = delete;

  // Readable once something came, or the store cannot be heard and has to be looked at, until drain().
  [[nodiscard]] int descriptor() const { return came_.get(); }
  void drain();

 private:
  StoreWatch(Descriptor came, Open open);
  void run(const std::stop_token& stop);
  [[nodiscard]] Result<> follow(const std::stop_token& stop);
  void tell();

  Descriptor came_;  // an eventfd
  Open open_;
  std::jthread thread_;  // the last, so that it ends first
};

}  // namespace certferry::agent
