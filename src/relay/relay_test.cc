// Relay and computers over TLS on loopback.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "base/process.h"
#include "fleet/store_keys.h"
#include "relay/client.h"
#include "relay/relay.grpc.pb.h"
#include "relay/server.h"
#include "relay/testing/small_fleet.h"

namespace certferry::relay {
namespace {

using testing::HasSubstr;

constexpr const char* kWeb = "web01.example.com";
constexpr const char* kMail = "mail01.example.com";
constexpr const char* kManifest = "fleet/manifests/global/default";
constexpr std::chrono::seconds kPatience{30};

// A client, and a way to wait for what it should come to.
class Computer {
 public:
  explicit Computer(ClientOptions options)
      : client_(Client::make(std::move(options), [this] {
                  const std::scoped_lock lock(mutex_);
                  changed_.notify_all();
                }).value()) {}

  Client& operator*() { return *client_; }
  Client* operator->() { return client_.get(); }
  template <typename Condition>
  [[nodiscard]] bool comes_to(const Condition& condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, condition);
  }
  [[nodiscard]] bool gets(const std::string& key, const std::optional<std::string>& value) {
    return comes_to([&] {
      const auto entries = client_->entries();
      if (!entries) return false;
      const auto found = entries->find(key);
      return found == entries->end() ? !value : found->second == value;
    });
  }
  [[nodiscard]] bool is_refused_with(const std::string& text) {
    return comes_to([&] {
      const auto trouble = client_->state().trouble;
      return trouble && trouble->message.find(text) != std::string::npos;
    });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::unique_ptr<Client> client_;
};

class RelayTest : public testing::Test {
 protected:
  void SetUp() override {
    fleet.enrol(store, kWeb, "web.example.com");
    fleet.enrol(store, kMail, "mail.example.com");
    store.put(kManifest, "1");
  }
  [[nodiscard]] std::unique_ptr<Server> serve(int port = 0) {
    auto made = Server::start(fleet.server_options(port), store.opener(), clock, [](Severity, const std::string&) {});
    EXPECT_TRUE(made) << made.error().message;
    return std::move(*made);
  }
  [[nodiscard]] std::unique_ptr<Computer> computer(const std::string& fqdn, const std::vector<int>& ports,
                                                   const std::string& key_of = "") {
    auto made = std::make_unique<Computer>(fleet.client_options(fqdn, ports, key_of));
    (*made)->follow();
    return made;
  }

  SystemClock clock;
  SmallFleet fleet;
  SharedStore store;
};

TEST_F(RelayTest, AChangeIsPushedToThoseItIsFor) {
  const auto relay = serve();
  const auto web = computer(kWeb, relay->ports()), mail = computer(kMail, relay->ports());
  EXPECT_TRUE(web->gets(kManifest, "1") && mail->gets(kManifest, "1"));
  EXPECT_EQ(relay->computers(), 2u);
  store.put("fleet/sealed/web01.example.com/k", "web's");
  store.put(kManifest, "2");
  EXPECT_TRUE(web->gets(kManifest, "2") && mail->gets(kManifest, "2"));
  EXPECT_TRUE(web->gets("fleet/sealed/web01.example.com/k", "web's"));
  EXPECT_TRUE(mail->gets("fleet/sealed/web01.example.com/k", std::nullopt));
  store.remove(kManifest);
  EXPECT_TRUE(web->gets(kManifest, std::nullopt) && mail->gets(kManifest, std::nullopt));
  EXPECT_TRUE((*web)->state().connected);
}

TEST_F(RelayTest, StrangersAndWrongKeysAreRefused) {
  const auto relay = serve();
  EXPECT_TRUE(computer("other.example.com", relay->ports())->is_refused_with("CF2301"));
  const auto wrong = computer(kWeb, relay->ports(), kMail);
  EXPECT_TRUE(wrong->is_refused_with("CF2302"));
  EXPECT_FALSE((*wrong)->entries());
  EXPECT_EQ((*wrong)->report(fleet.status(kWeb, 1)).error().id, "CF2312");
  ClientOptions none = fleet.client_options(kWeb, relay->ports());
  none.identity.clear();
  Computer anonymous(std::move(none));
  anonymous->follow();
  EXPECT_TRUE(anonymous.is_refused_with("CF2307"));
}

TEST_F(RelayTest, ARelayOfAnotherFleetIsNotTalkedTo) {
  const auto relay = serve();
  fleet.take_other_root();
  const auto web = computer(kWeb, relay->ports());
  EXPECT_TRUE(web->comes_to([&] { return (*web)->state().trouble.has_value(); }));
  EXPECT_EQ((*web)->state().trouble->id, "CF2311");
  EXPECT_FALSE((*web)->entries());
}

TEST_F(RelayTest, OnlyTls13IsSpoken) {
  const auto relay = serve();
  for (const char* version : {"-tls1_2", "-tls1_3"}) {
    Command command;
    command.argv = {"openssl", "s_client", version, "-connect", "127.0.0.1:" + std::to_string(relay->ports()[0])};
    const auto done = SystemProcess(clock).run(command);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->output.find("New, TLSv1.3") != std::string::npos, version == std::string("-tls1_3"))
        << version << done->output << done->errors;
  }
}

TEST_F(RelayTest, WhoeverIsLostIsCutOffAndToldSo) {
  const auto relay = serve();
  const auto web = computer(kWeb, relay->ports());
  EXPECT_TRUE(web->gets(kManifest, "1"));
  fleet.enrol(store, kWeb, "web.example.com", fleet::Member::State::kLost);
  const std::string own = store->get(fleet::member_key(kWeb)).value()->value;
  EXPECT_TRUE(web->gets(fleet::member_key(kWeb), own));
  EXPECT_TRUE(web->is_refused_with("CF2303"));
  store.put(kManifest, "2");
  EXPECT_EQ((*web)->report(fleet.status(kWeb, 1)).error().id, "CF2312");
  EXPECT_EQ((*web)->entries()->at(kManifest), "1");
}

TEST_F(RelayTest, WhoeverIsMovedGetsWhatItsNewPlaceHas) {
  store.put("fleet/manifests/pool:web.example.com/t", "web");
  store.put("fleet/manifests/pool:mail.example.com/t", "mail");
  const auto relay = serve();
  const auto web = computer(kWeb, relay->ports());
  EXPECT_TRUE(web->gets("fleet/manifests/pool:web.example.com/t", "web"));
  fleet.enrol(store, kWeb, "mail.example.com");
  EXPECT_TRUE(web->gets("fleet/manifests/pool:mail.example.com/t", "mail"));
  EXPECT_TRUE(web->gets("fleet/manifests/pool:web.example.com/t", std::nullopt));
}

TEST_F(RelayTest, AnotherRelayTakesOverAndOneThatReturnsTellsOnlyWhatChanged) {
  auto first = serve();
  const auto second = serve();
  const auto web = computer(kWeb, {first->ports()[0], second->ports()[0]});
  EXPECT_TRUE(web->gets(kManifest, "1"));
  const int port = first->ports()[0];
  first.reset();
  store.put(kManifest, "2");
  EXPECT_TRUE(web->gets(kManifest, "2"));
  EXPECT_EQ(second->computers(), 1u);
  // A relay alone, at the old place.
  const auto mail = computer(kMail, {port});
  EXPECT_TRUE(mail->comes_to([&] { return (*mail)->state().trouble.has_value(); }));
  first = serve(port);
  EXPECT_TRUE(mail->gets(kManifest, "2"));
}

TEST_F(RelayTest, AStoreThatGoesAwayStopsNobodyAndWhatCameMeanwhileIsTold) {
  const auto relay = serve();
  const auto web = computer(kWeb, relay->ports());
  EXPECT_TRUE(web->gets(kManifest, "1"));
  store.cut(true);
  store.put(kManifest, "2");
  // Others are served what was known.
  const auto mail = computer(kMail, relay->ports());
  EXPECT_TRUE(mail->gets(kManifest, "1"));
  EXPECT_EQ((*mail)->report(fleet.status(kMail, 1)).error().id, "CF2311");
  store.cut(false);
  EXPECT_TRUE(web->gets(kManifest, "2") && mail->gets(kManifest, "2"));
  EXPECT_TRUE((*mail)->report(fleet.status(kMail, 1)));
}

TEST_F(RelayTest, WhatComputersSayOfThemselvesIsInTheStoreWhenTheyHearSo) {
  const auto relay = serve();
  const auto web = computer(kWeb, relay->ports());
  const std::string statement = fleet.status(kWeb, 3);
  ASSERT_TRUE((*web)->report(statement));
  EXPECT_EQ(store->get(fleet::status_key(kWeb)).value()->value, statement);
  EXPECT_THAT((*web)->report(fleet.status(kMail, 1)).error().message, HasSubstr("CF2305"));
  EXPECT_THAT((*web)->report("{}").error().message, HasSubstr("CF22"));
  EXPECT_THAT((*web)->report(std::string(300 * 1024, 'x')).error().message, HasSubstr("CF2305"));
}

TEST_F(RelayTest, WhoeverWantsToJoinIsPutWhereAnAdministratorLooks) {
  const auto relay = serve();
  Computer fresh(fleet.client_options("new.example.com", relay->ports()));
  EXPECT_EQ(fresh->join(fleet.request("new.example.com")), false);
  EXPECT_EQ(store->list(fleet::kRequestKeys).value().entries.size(), 1u);
  // Its enrolment has reached the relay when a computer hears of a later change.
  const auto knows = [&](const std::string& value) {
    const auto web = computer(kWeb, relay->ports());
    store.put(kManifest, value);
    return web->gets(kManifest, value);
  };
  const std::string claim = fleet.claim(store, "new.example.com", clock.now() + std::chrono::hours(1));
  ASSERT_TRUE(knows("2"));
  EXPECT_EQ(fresh->join(claim), true);
  EXPECT_EQ(store->get(fleet::join_key("new.example.com")).value()->value, claim);
  const std::string late = fleet.claim(store, "new.example.com", clock.now() - std::chrono::hours(1));
  ASSERT_TRUE(knows("3"));
  EXPECT_THAT(fresh->join(late).error().message, HasSubstr("CF2305"));
  EXPECT_THAT(fresh->join(claim).error().message, HasSubstr("CF2305")) << "that token is gone";
  EXPECT_THAT(fresh->join(fleet.request(kWeb)).error().message, HasSubstr("CF2305"));
  // Nobody keeps others from joining.
  std::string refused;
  for (int i = 0; i < 100 && refused.empty(); ++i) {
    const auto answer = fresh->join(fleet.request("new.example.com"));
    if (!answer) refused = answer.error().message;
  }
  EXPECT_THAT(refused, HasSubstr("CF2308"));
}

TEST_F(RelayTest, AClientEndsInEveryState) {
  for (int i = 0; i < 20; ++i) {
    const auto relay = serve();
    const auto one = computer(kWeb, relay->ports()), two = computer(kMail, {1}),
               three = computer(kMail, relay->ports());
    EXPECT_TRUE(i % 2 != 0 || three->gets(kManifest, "1"));
  }
}

TEST_F(RelayTest, WithoutAPlaceToListenOrAKeyItDoesNotStart) {
  const auto relay = serve();
  const auto log = [](Severity, const std::string&) {};
  ServerOptions options = fleet.server_options(relay->ports()[0]);
  EXPECT_EQ(Server::start(std::move(options), store.opener(), clock, log).error().id, "CF2309");
  options = fleet.server_options();
  options.certificate = "nothing";
  EXPECT_EQ(Server::start(std::move(options), store.opener(), clock, log).error().id, "CF2310");
  store.cut(true);
  EXPECT_EQ(Server::start(fleet.server_options(), store.opener(), clock, log).error().id, "CF1503");
  EXPECT_EQ(Client::make({}, [] {}).error().id, "CF2313");
}

}  // namespace
}  // namespace certferry::relay
