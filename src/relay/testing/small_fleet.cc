#include "relay/testing/small_fleet.h"

#include <atomic>

#include "fleet/store_keys.h"
#include "seal/certificates.h"
#include "seal/dsse.h"
#include "seal/keys.h"
#include "store/memory/memory_store.h"

namespace certferry::relay {
namespace {

constexpr std::chrono::hours kDay{24};

Bytes spki(const x509::PrivateKey& key) { return to_bytes(key.public_key().spki()); }

template <typename Statement>
std::string signed_by(const Statement& statement, const x509::PrivateKey& key) {
  return seal::to_json(seal::sign_statement(Statement::kKind, fleet::to_json(statement), key).value());
}

seal::Validity days_around_now() {
  const Time now = SystemClock().now();
  return {now - kDay, now + kDay};
}

}  // namespace

struct SharedStore::Gate {
  std::atomic<bool> away = false;
};

namespace {

class Door final : public store::Store {
 public:
  Door(std::shared_ptr<store::Store> behind, std::function<bool()> away)
      : behind_(std::move(behind)), away_(std::move(away)) {}
  Result<std::optional<store::Entry>> get(std::string_view key) override {
    if (away_()) return gone();
    return behind_->get(key);
  }
  Result<store::Listing> list(std::string_view prefix) override {
    if (away_()) return gone();
    return behind_->list(prefix);
  }
  Result<store::Revision> commit(const store::Batch& batch) override {
    if (away_()) return gone();
    return behind_->commit(batch);
  }
  Result<store::Changes> changes(std::string_view prefix, store::Revision from) override {
    if (away_()) return gone();
    return behind_->changes(prefix, from);
  }
  Result<bool> wait(std::string_view prefix, store::Revision from, std::chrono::milliseconds limit) override {
    if (away_()) return gone();
    return behind_->wait(prefix, from, std::min(limit, std::chrono::milliseconds(100)));
  }
  Result<> verify() override { return {}; }

 private:
  static std::unexpected<Error> gone() { return fail(ErrorKind::kUnreachable, "CF1503", "the store is away", "wait"); }
  const std::shared_ptr<store::Store> behind_;
  const std::function<bool()> away_;
};

}  // namespace

SharedStore::SharedStore() : store_(std::make_shared<store::MemoryStore>()), gate_(std::make_shared<Gate>()) {}

OpenStore SharedStore::opener() const {
  return [store = store_, gate = gate_]() -> Result<std::unique_ptr<store::Store>> {
    return std::make_unique<Door>(store, [gate] { return gate->away.load(); });
  };
}

void SharedStore::cut(bool away) { gate_->away = away; }

void SharedStore::put(const std::string& key, const std::string& value) {
  store::Batch batch;
  batch.put(key, value);
  static_cast<void>(store_->commit(batch).value());
}

void SharedStore::remove(const std::string& key) {
  store::Batch batch;
  batch.remove(key);
  static_cast<void>(store_->commit(batch).value());
}

SmallFleet::SmallFleet() : root_(seal::make_key().value()), relay_key_(seal::make_key().value()) { take_other_root(); }

void SmallFleet::take_other_root() {
  root_ = seal::make_key().value();
  const x509::Certificate ca = seal::make_ca(root_, days_around_now()).value();
  const std::string names[] = {"localhost", "127.0.0.1"};
  certificate_ = seal::issue_server(root_, ca, relay_key_.public_key(), names, days_around_now()).value().pem();
  anchor_ = seal::make_anchor(root_.public_key(), relay_key_, days_around_now()).value().pem();
}

const x509::PrivateKey& SmallFleet::key(const std::string& fqdn) {
  const auto found = keys_.find(fqdn);
  return found != keys_.end() ? found->second : keys_.emplace(fqdn, seal::make_key().value()).first->second;
}

Bytes SmallFleet::identity_of(const std::string& fqdn) { return spki(key(fqdn)); }

fleet::Member SmallFleet::member(const std::string& fqdn, std::uint64_t counter) {
  fleet::Member made;
  made.head = {seal::fingerprint(root_.public_key().spki()), counter, SystemClock().now()};
  made.computer.fqdn = fqdn;
  made.sealing_key = made.identity_key = spki(key(fqdn));
  made.boot_id = "boot";
  return made;
}

void SmallFleet::enrol(SharedStore& store, const std::string& fqdn, const std::string& pool,
                       fleet::Member::State state) {
  fleet::Member made = member(fqdn, ++counter_);
  made.computer.pool = pool;
  made.state = state;
  store.put(fleet::member_key(fqdn), signed_by(made, root_));
}

std::string SmallFleet::request(const std::string& fqdn) { return signed_by(member(fqdn, 1), key(fqdn)); }

std::string SmallFleet::claim(SharedStore& store, const std::string& fqdn, Time not_after) {
  const fleet::Member made = member(fqdn, 1);
  const x509::PrivateKey token = seal::make_key().value();
  store.put(fleet::enrolment_key(fqdn),
            signed_by(fleet::Enrolment{made.head, made.computer, spki(token), not_after}, root_));
  return signed_by(made, token);
}

std::string SmallFleet::status(const std::string& fqdn, std::uint64_t counter) {
  return signed_by(
      fleet::Status{{seal::fingerprint(root_.public_key().spki()), counter, SystemClock().now()}, fqdn, "boot", {}},
      key(fqdn));
}

ServerOptions SmallFleet::server_options(int port) const {
  return {{"127.0.0.1:" + std::to_string(port)}, certificate_, Secret(relay_key_.pem())};
}

ClientOptions SmallFleet::client_options(const std::string& fqdn, const std::vector<int>& ports,
                                         const std::string& key_of) {
  ClientOptions options;
  for (const int port : ports) options.relays.push_back("127.0.0.1:" + std::to_string(port));
  options.fqdn = fqdn;
  options.anchor = anchor_;
  const x509::PrivateKey& own = key(key_of.empty() ? fqdn : key_of);
  seal::ClientIdentity identity = seal::make_identity(own, fqdn, days_around_now()).value();
  options.identity = std::move(identity.certificates);
  options.identity_key = std::move(identity.key);
  return options;
}

}  // namespace certferry::relay
