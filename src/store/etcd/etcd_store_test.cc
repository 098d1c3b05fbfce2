// The suite of every engine on a real etcd, and what etcd alone can do.
#include "store/etcd/etcd_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <future>

#include "store/copy.h"
#include "store/etcd/testing/etcd_cluster.h"
#include "store/etcd_health.h"
#include "store/sqlite/sqlite_store.h"
#include "store/testing/conformance.h"
#include "store/testing/copy_content.h"

namespace certferry::store {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using testing::Conformance;
using testing::Engine;
using testing::EtcdCluster;
using testing::MakeEngine;

// One member for all tests that do it no harm.
EtcdCluster& shared_etcd() {
  static EtcdCluster cluster(EtcdCluster::Options{});
  return cluster;
}

std::string fresh_name() {
  static int number = 0;
  return "store-" + std::to_string(++number);
}

std::unique_ptr<EtcdStore> open(const EtcdUrl& url, EtcdStore::Access access = EtcdStore::Access::kWrite) {
  auto store = EtcdStore::open(url, access);
  EXPECT_TRUE(store) << store.error().message;
  return store ? std::move(*store) : nullptr;
}

Result<Revision> put(Store& store, std::string key, std::string value) {
  Batch batch;
  batch.put(std::move(key), std::move(value));
  return store.commit(batch);
}

class EtcdEngine final : public Engine {
 public:
  Store& store() override {
    if (!store_) store_ = open(url_);
    return *store_;
  }
  void reopen() override { store_.reset(); }
  std::unique_ptr<Store> another() override { return open(url_); }

 private:
  EtcdUrl url_ = shared_etcd().url(fresh_name());
  std::unique_ptr<EtcdStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Etcd, Conformance,
                         ::testing::Values(std::pair<const char*, MakeEngine>{
                             "etcd", [] { return std::make_unique<EtcdEngine>(); }}),
                         [](const auto& engine) { return engine.param.first; });

TEST(EtcdStore, KeepsTwoStoresApart) {
  const auto one = open(shared_etcd().url("h1"));
  const auto ten = open(shared_etcd().url("h10"));
  ASSERT_TRUE(put(*one, "a", "one"));
  ASSERT_TRUE(put(*ten, "b", "ten"));
  EXPECT_EQ(one->list("")->entries.size(), 1u);
  EXPECT_EQ(ten->list("")->entries.size(), 1u);
}

TEST(EtcdStore, ListsMoreThanOnePage) {
  const auto store = open(shared_etcd().url(fresh_name()));
  for (int batch = 0; batch < 20; ++batch) {
    Batch many;
    for (int i = 0; i < 125; ++i) many.put(std::to_string(100'000 + batch * 125 + i), "v");
    ASSERT_TRUE(store->commit(many));
  }
  const auto listing = store->list("");
  ASSERT_TRUE(listing);
  EXPECT_EQ(listing->entries.size(), 2'500u);
  EXPECT_EQ(listing->entries.back().key, "102499");
  EXPECT_EQ(store->changes("", 1)->changes.size(), 2'500u);
}

TEST(EtcdStore, ReadsOfOneMomentAreNotTornByAnotherCommit) {
  const EtcdUrl url = shared_etcd().url(fresh_name());
  const auto reader = open(url);
  const auto writer = open(url);
  ASSERT_TRUE(put(*writer, "a", "old"));
  ASSERT_TRUE(put(*writer, "b", "old"));
  {
    const Reading reading(*reader);
    EXPECT_EQ((*reader->get("a"))->value, "old");
    ASSERT_TRUE(put(*writer, "b", "new"));
    EXPECT_EQ(reader->list("b")->entries.front().value, "old");
  }
  EXPECT_EQ((*reader->get("b"))->value, "new");
}

TEST(EtcdStore, LosesAndDoublesNothingWithEightWriters) {
  const EtcdUrl url = shared_etcd().url(fresh_name());
  constexpr int kWriters = 8;
  constexpr int kCommits = 25;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kWriters; ++i) {
      threads.emplace_back([&url] {
        const auto store = open(url);
        for (int done = 0; store && done < kCommits;) {
          const auto counter = store->get("counter");
          ASSERT_TRUE(counter);
          Batch batch;
          batch.expect("counter", *counter ? (*counter)->revision : 0);
          batch.put("counter", std::to_string(*counter ? std::stoi((*counter)->value) + 1 : 1));
          const auto committed = store->commit(batch);
          if (committed) {
            ++done;
          } else {
            ASSERT_EQ(committed.error().id, "CF1501");
          }
        }
      });
    }
  }
  EXPECT_EQ((*open(url)->get("counter"))->value, std::to_string(kWriters * kCommits));
}

TEST(EtcdStore, RefusesToReadAStoreThatIsNotThere) {
  const auto store = EtcdStore::open(shared_etcd().url("nowhere"), EtcdStore::Access::kRead);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().id, "CF1503");
}

void put_raw(const EtcdCluster& cluster, const std::string& key, const std::string& value) {
  etcdserverpb::TxnRequest request;
  auto& put = *request.add_success()->mutable_request_put();
  put.set_key(key);
  put.set_value(value);
  etcdserverpb::TxnResponse response;
  const auto status = cluster.connect(0)->ask([&](etcd::Connection::Member& way, grpc::ClientContext& context) {
    return way.kv->Txn(&context, request, &response);
  });
  ASSERT_TRUE(status.ok()) << status.error_message();
}

TEST(EtcdStore, LeavesAStoreOfANewerCertferryAlone) {
  const EtcdUrl url = shared_etcd().url(fresh_name());
  put_raw(shared_etcd(), url.prefix() + "schema", "2");
  const auto store = EtcdStore::open(url, EtcdStore::Access::kWrite);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().id, "CF1505");
}

TEST(EtcdStore, NamesAValueThatSomebodyElseWrote) {
  const EtcdUrl url = shared_etcd().url(fresh_name());
  const auto store = open(url);
  put_raw(shared_etcd(), url.prefix() + "k/a", "hello");
  EXPECT_EQ(store->verify().error().id, "CF1504");
  EXPECT_EQ(store->get("a").error().id, "CF1504");
  EXPECT_EQ(put(*store, "a", "1").error().id, "CF1504");
}

TEST(EtcdStore, GoesOnAfterACompaction) {
  EtcdCluster cluster(EtcdCluster::Options{});
  const EtcdUrl url = cluster.url("fleet");
  const auto store = open(url);
  const auto start = put(*store, "w/a", "1");
  ASSERT_TRUE(start);
  EXPECT_FALSE(*store->wait("w/", *start, 50ms));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(put(*store, "w/a", "2"));
  Batch removal;
  removal.put("w/b", "1");
  removal.remove("w/a");
  const auto last = store->commit(removal);
  ASSERT_TRUE(last);
  cluster.compact();
  const auto late = open(url);
  EXPECT_TRUE(*late->wait("w/", *start, 10s)) << "what is gone may have been of interest";
  for (Store* each : {static_cast<Store*>(store.get()), static_cast<Store*>(late.get())}) {
    const auto changes = each->changes("w/", *start);
    ASSERT_TRUE(changes);
    EXPECT_FALSE(changes->compacted);
    EXPECT_THAT(changes->changes,
                ::testing::ElementsAre(Change{"w/a", std::nullopt, *last}, Change{"w/b", "1", *last}));
    EXPECT_FALSE(*each->wait("w/", changes->revision, 50ms));
  }
  ASSERT_TRUE(put(*store, "w/c", "1"));
  EXPECT_TRUE(*store->wait("w/", *last, 10s));
  EXPECT_TRUE(*late->wait("w/", *last, 10s));
}

TEST(EtcdStore, SaysThatWhatItTellsDoesNotGoOn) {
  EtcdCluster cluster(EtcdCluster::Options{});
  const auto store = open(cluster.url("fleet"));
  EXPECT_TRUE(store->changes("", 1'000)->compacted) << "the cluster came back from an older backup";
}

TEST(EtcdStore, TellsThatTheQuotaIsUsedUp) {
  EtcdCluster cluster({.arguments = {"--quota-backend-bytes", "4194304"}});
  const auto store = open(cluster.url("fleet"));
  std::vector<std::pair<std::string, Revision>> done;
  Result<Revision> last;
  for (int i = 0; i < 100; ++i) {
    const std::string key = "k" + std::to_string(i);
    last = put(*store, key, std::string(200'000, 'v'));
    if (!last) break;
    done.emplace_back(key, *last);
  }
  ASSERT_FALSE(last) << "the quota was never used up";
  EXPECT_EQ(last.error().id, "CF1507");
  EXPECT_THAT(last.error().fix, ::testing::HasSubstr("etcdctl compact, defrag, alarm disarm"));
  const auto listing = store->list("");
  ASSERT_TRUE(listing);
  EXPECT_EQ(listing->entries.size(), done.size()) << "what failed is not there, what was reported is";
  for (const auto& [key, revision] : done) EXPECT_EQ((*store->get(key))->revision, revision);
  EXPECT_EQ(store->verify().error().id, "CF1507");
}

TEST(EtcdStore, TalksTlsWithCertificatesOfBothSides) {
  EtcdCluster cluster({.tls = true});
  const EtcdUrl url = cluster.url("fleet");
  ASSERT_TRUE(put(*open(url), "a", "1"));
  EXPECT_EQ((*open(url)->get("a"))->value, "1");

  EtcdUrl missing = url;
  missing.key = cluster.file("none.key");
  EXPECT_EQ(EtcdStore::open(missing, EtcdStore::Access::kRead).error().id, "CF1513");
}

TEST(EtcdStore, TakesInAnEmbeddedStore) {
  std::string folder = "/tmp/certferry-copy-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const auto embedded = SqliteStore::open(folder + "/certferry.db", SqliteStore::Access::kWrite).value();
  testing::fill(*embedded);
  const EtcdUrl url = shared_etcd().url(fresh_name());
  const auto copied = copy_store(*embedded, *open(url));
  ASSERT_TRUE(copied) << copied.error().message;
  EXPECT_EQ(copied->written, 300u);
  EXPECT_EQ(testing::content(*open(url)), testing::content(*embedded));
  std::filesystem::remove_all(folder);
}

// A stream that hangs is left for another member.
TEST(EtcdStore, WatchesOnWhenItsMemberIsKilled) {
  EtcdCluster cluster({.members = 3});
  const EtcdUrl url = cluster.url("fleet");
  const auto store = open(url);
  const auto start = put(*store, "w/a", "1");
  ASSERT_TRUE(start);
  EXPECT_FALSE(*store->wait("w/", *start, 50ms));
  cluster.kill(0);
  std::future<bool> woken = std::async(std::launch::async, [&] { return *store->wait("w/", *start, 20s); });
  EtcdUrl others = url;
  others.endpoints.erase(others.endpoints.begin());
  ASSERT_TRUE(put(*open(others), "w/a", "2"));
  EXPECT_TRUE(woken.get());
  EXPECT_EQ(store->changes("w/", *start)->changes.size(), 1u);
}

TEST(EtcdStore, ForgetsRemovedKeysAfterADay) {
  const EtcdUrl url = shared_etcd().url(fresh_name());
  const auto store = open(url);
  const auto before = put(*store, "stays", "1");
  ASSERT_TRUE(put(*store, "goes", "1"));
  ASSERT_TRUE(put(*store, "comes back", "1"));
  Batch removal;
  removal.remove("goes");
  removal.remove("comes back");
  ASSERT_TRUE(store->commit(removal));
  const Time day = std::chrono::sys_days(std::chrono::year(2030) / 7 / 31);
  EXPECT_EQ(store->purge(day).value(), 0u) << "the first call only notes the day";
  EXPECT_EQ(store->purge(day + std::chrono::hours(23)).value(), 0u);
  ASSERT_TRUE(put(*store, "comes back", "2"));
  EXPECT_EQ(examine_etcd(url)->removed, 1u);
  EXPECT_FALSE(open(url)->changes("", *before)->compacted);

  EXPECT_EQ(store->purge(day + std::chrono::hours(24)).value(), 1u);
  EXPECT_EQ(examine_etcd(url)->removed, 0u);
  EXPECT_EQ(store->list("")->entries.size(), 2u);
  // Who knows only what was before the removal is told to list anew.
  EXPECT_TRUE(open(url)->changes("", *before)->compacted);
  EXPECT_FALSE(open(url)->changes("", store->list("")->revision)->compacted);
  EXPECT_FALSE(open(url)->changes("", 0)->compacted);
  // The key can be made again.
  Batch again;
  again.expect("goes", 0);
  again.put("goes", "3");
  ASSERT_TRUE(store->commit(again));
}

}  // namespace
}  // namespace certferry::store
