#include "relay/hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fleet/store_keys.h"
#include "relay/testing/small_fleet.h"
#include "x509/digest.h"

namespace certferry::relay {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr const char* kWeb = "web01.example.com";
constexpr const char* kMail = "mail01.example.com";

class Counter final : public Subscriber {
 public:
  void wake() override { ++woken; }
  int woken = 0;
};

class HubTest : public testing::Test {
 protected:
  void SetUp() override {
    fleet.enrol(store, kWeb, "web.example.com");
    fleet.enrol(store, kMail, "mail.example.com");
    put("fleet/delegations/abc", "delegation");
    put("fleet/manifests/global/default", "for all");
    put("fleet/manifests/pool:web.example.com/default", "for web");
    put("fleet/sealed/web01.example.com/global/default/1", "web's");
    put("fleet/sealed/web01.example.com.evil.org/global/default/1", "another's");
    put("fleet/status/web01.example.com", "status");
    put("fleet/enrolments/new.example.com", "enrolment");
    hub.replace(store->list("fleet/").value().entries);
  }

  void put(const std::string& key, const std::string& value) { store.put(key, value); }
  void sync() {
    const store::Changes changes = store->changes("fleet/", revision).value();
    hub.apply(changes.changes);
    revision = changes.revision;
  }
  [[nodiscard]] Result<Hub::Id> subscribe(const std::string& fqdn, const std::vector<Hub::Known>& known = {}) {
    return hub.subscribe(fqdn, fleet.identity_of(fqdn), known, counter);
  }
  Delivery delivery(Hub::Id id) {
    auto taken = hub.take(id);
    return taken && *taken ? std::move(**taken) : Delivery();
  }
  // Keys of one delivery; removed ones with a minus before.
  std::vector<std::string> take(Hub::Id id) {
    const auto delivery = hub.take(id);
    if (!delivery) return {delivery.error().id};
    std::vector<std::string> keys;
    if (!*delivery) return {"nothing"};
    for (const auto& entry : (*delivery)->entries) keys.push_back(entry.key);
    for (const std::string& key : (*delivery)->removed) keys.push_back("-" + key);
    if (!(*delivery)->complete) keys.push_back("more");
    return keys;
  }

  SmallFleet fleet;
  SharedStore store;
  Hub hub;
  store::Revision revision = 0;
  std::shared_ptr<Counter> counter = std::make_shared<Counter>();
};

TEST_F(HubTest, ComputersAreToldTheirOwnAndNothingOfOthers) {
  EXPECT_THAT(
      take(subscribe(kWeb).value()),
      ElementsAre("fleet/computers/web01.example.com", "fleet/delegations/abc", "fleet/manifests/global/default",
                  "fleet/manifests/pool:web.example.com/default", "fleet/sealed/web01.example.com/global/default/1"));
  EXPECT_THAT(take(subscribe(kMail).value()), ElementsAre("fleet/computers/mail01.example.com", "fleet/delegations/abc",
                                                          "fleet/manifests/global/default"));
}

TEST_F(HubTest, WhatIsKnownIsNotToldAgainAndWhatIsGoneIs) {
  const Hub::Id first = subscribe(kMail).value();
  std::vector<Hub::Known> known = {{"fleet/manifests/global/old", {}},
                                   {"fleet/sealed/web01.example.com/global/default/1", {}}};
  for (const Delivery told = delivery(first); const auto& entry : told.entries)
    known.push_back({entry.key, x509::sha256(as_bytes(*entry.value))});
  EXPECT_THAT(take(subscribe(kMail, known).value()),
              UnorderedElementsAre("-fleet/manifests/global/old", "-fleet/sealed/web01.example.com/global/default/1"));
  known.erase(known.begin(), known.begin() + 2);
  EXPECT_THAT(take(subscribe(kMail, known).value()), IsEmpty()) << "complete all the same";
  known.back().sha256[0] ^= 1;
  EXPECT_THAT(take(subscribe(kMail, known).value()), ElementsAre(known.back().key));
}

TEST_F(HubTest, ChangesWakeThoseWhoWaitForThemAndOnlyTheLatestStateIsTold) {
  const Hub::Id web = subscribe(kWeb).value();
  take(web);
  EXPECT_THAT(take(web), ElementsAre("nothing"));
  sync();  // the same again
  EXPECT_EQ(counter->woken, 0);
  put("fleet/manifests/pool:mail.example.com/default", "for mail");
  put("fleet/status/web01.example.com", "newer");
  sync();
  EXPECT_EQ(counter->woken, 0);
  for (const char* value : {"2", "3", "4"}) {
    put("fleet/manifests/global/default", value);
    sync();
  }
  EXPECT_EQ(counter->woken, 3);
  const Delivery told = delivery(web);
  ASSERT_EQ(told.entries.size(), 1u);
  EXPECT_EQ(*told.entries[0].value, "4");
  store.remove("fleet/manifests/global/default");
  sync();
  EXPECT_THAT(take(web), ElementsAre("-fleet/manifests/global/default"));
  hub.unsubscribe(web);
  put("fleet/manifests/global/default", "5");
  sync();
  EXPECT_EQ(counter->woken, 4);
  EXPECT_EQ(hub.subscriptions(), 0u);
}

TEST_F(HubTest, SealedKeysWaitForTheirManifestButNotForEver) {
  const Hub::Id web = subscribe(kWeb).value();
  take(web);
  put("fleet/sealed/web01.example.com/global/default/2", "web's");
  sync();
  EXPECT_TRUE(hub.holds());
  EXPECT_EQ(counter->woken, 0);
  put("fleet/manifests/global/default", "2");
  sync();
  EXPECT_EQ(counter->woken, 1);
  EXPECT_THAT(take(web),
              ElementsAre("fleet/manifests/global/default", "fleet/sealed/web01.example.com/global/default/2"));
  hub.release();
  put("fleet/sealed/web01.example.com/global/default/3", "web's");
  sync();
  hub.release();
  EXPECT_FALSE(hub.holds());
  EXPECT_EQ(counter->woken, 3);
  EXPECT_THAT(take(web), ElementsAre("fleet/sealed/web01.example.com/global/default/3"));
}

TEST_F(HubTest, MuchIsToldInParts) {
  for (int i = 100; i < 200; ++i) put("fleet/manifests/global/t" + std::to_string(i), "x");
  put("fleet/sealed/web01.example.com/a", std::string(Hub::kLargestDelivery, 'x'));
  sync();
  const Hub::Id web = subscribe(kWeb).value();
  std::vector<std::size_t> sizes;
  for (auto keys = take(web); keys != std::vector<std::string>{"nothing"}; keys = take(web))
    sizes.push_back(keys.size());
  EXPECT_THAT(sizes, ElementsAre(Hub::kMostEntries + 1, 42, 1)) << "a 'more' in the first two";
}

TEST_F(HubTest, OnlyTheKeyOfAnActiveMemberIsAdmitted) {
  EXPECT_EQ(subscribe("other.example.com").error().id, "CF2301");
  EXPECT_EQ(hub.subscribe(kWeb, fleet.identity_of(kMail), {}, counter).error().id, "CF2302");
  EXPECT_EQ(hub.admit(kWeb, fleet.identity_of(kMail)).error().id, "CF2302");
  EXPECT_TRUE(hub.admit(kWeb, fleet.identity_of(kWeb)));
  put(fleet::member_key("broken.example.com"), "no statement");
  sync();
  EXPECT_EQ(subscribe("broken.example.com").error().id, "CF2301");
  // One computer's statement in another one's place.
  put(fleet::member_key("other.example.com"), *hub.get(fleet::member_key(kWeb)));
  sync();
  EXPECT_EQ(hub.subscribe("other.example.com", fleet.identity_of(kWeb), {}, counter).error().id, "CF2301");
}

TEST_F(HubTest, WhoeverIsLostHearsThatAndNothingElse) {
  const Hub::Id web = subscribe(kWeb).value();
  take(web);
  put("fleet/manifests/global/default", "newer");
  fleet.enrol(store, kWeb, "web.example.com", fleet::Member::State::kLost);
  sync();
  put("fleet/manifests/global/default", "newest");
  sync();
  EXPECT_THAT(take(web), ElementsAre("fleet/computers/web01.example.com"));
  EXPECT_THAT(take(web), ElementsAre("CF2303"));
  EXPECT_EQ(hub.admit(kWeb, fleet.identity_of(kWeb)).error().id, "CF2303");
  const Hub::Id again = subscribe(kWeb).value();
  EXPECT_THAT(take(again), ElementsAre("fleet/computers/web01.example.com"));
  EXPECT_THAT(take(again), ElementsAre("CF2303"));
}

TEST_F(HubTest, WhoeverIsMovedAsksAgain) {
  const Hub::Id web = subscribe(kWeb).value();
  take(web);
  fleet.enrol(store, kWeb, "mail.example.com");
  sync();
  EXPECT_THAT(take(web), ElementsAre("fleet/computers/web01.example.com"));
  EXPECT_THAT(take(web), ElementsAre("CF2304"));
}

TEST_F(HubTest, AStoreThatIsReadAnewTellsOnlyWhatDiffers) {
  const Hub::Id web = subscribe(kWeb).value();
  take(web);
  put("fleet/delegations/abc", "other");
  store.remove("fleet/manifests/global/default");
  hub.replace(store->list("fleet/").value().entries);
  EXPECT_THAT(take(web), ElementsAre("fleet/delegations/abc", "-fleet/manifests/global/default"));
  EXPECT_EQ(hub.count(fleet::kEnrolmentKeys), 1u);
  EXPECT_EQ(hub.count(fleet::kStatusKeys), 0u) << "kept by the store alone";
}

}  // namespace
}  // namespace certferry::relay
