// A fleet for tests: a root, computers with real keys and statements, and relays with certificates of it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "fleet/statements.h"
#include "relay/client.h"
#include "relay/server.h"
#include "store/store.h"
#include "x509/private_key.h"

namespace certferry::relay {

// A store that several threads open: all see one content.
class SharedStore {
 public:
  SharedStore();
  [[nodiscard]] OpenStore opener() const;
  [[nodiscard]] store::Store& operator*() const { return *store_; }
  [[nodiscard]] store::Store* operator->() const { return store_.get(); }
  // From then on nothing answers (CF1503), until it is called with false.
  void cut(bool away);
  void put(const std::string& key, const std::string& value);
  void remove(const std::string& key);

 private:
  struct Gate;
  std::shared_ptr<store::Store> store_;
  std::shared_ptr<Gate> gate_;
};

class SmallFleet {
 public:
  SmallFleet();

  // Writes its statement; its keys are made when it is first named.
  void enrol(SharedStore& store, const std::string& fqdn, const std::string& pool,
             fleet::Member::State state = fleet::Member::State::kActive);
  // What the computer signs with its own identity key to join without a token.
  [[nodiscard]] std::string request(const std::string& fqdn);
  // A token's statement, whose enrolment is put into the store.
  [[nodiscard]] std::string claim(SharedStore& store, const std::string& fqdn, Time not_after);
  [[nodiscard]] std::string status(const std::string& fqdn, std::uint64_t counter);

  [[nodiscard]] ServerOptions server_options(int port = 0) const;
  // As `fqdn`, with the key of `key_of`.
  [[nodiscard]] ClientOptions client_options(const std::string& fqdn, const std::vector<int>& ports,
                                             const std::string& key_of = "");
  [[nodiscard]] Bytes identity_of(const std::string& fqdn);
  // As TLS of another fleet would.
  void take_other_root();

 private:
  [[nodiscard]] const x509::PrivateKey& key(const std::string& fqdn);
  [[nodiscard]] fleet::Member member(const std::string& fqdn, std::uint64_t counter);

  x509::PrivateKey root_, relay_key_;
  std::string certificate_, anchor_;
  std::map<std::string, x509::PrivateKey> keys_;
  std::uint64_t counter_ = 0;
};

}  // namespace certferry::relay
