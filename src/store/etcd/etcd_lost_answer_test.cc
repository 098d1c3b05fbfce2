// A commit whose answer is lost is reported as what became of it, and made once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/etcd/etcd_store.h"
#include "store/etcd/testing/cutting_proxy.h"
#include "store/etcd/testing/etcd_cluster.h"

namespace certferry::store {
namespace {

using testing::CuttingProxy;
using testing::EtcdCluster;

class LostAnswer : public ::testing::Test {
 protected:
  static EtcdUrl direct() {
    static EtcdCluster cluster(EtcdCluster::Options{});
    static const std::string name = "lost";
    return cluster.url(name);
  }
  // First by the proxy, then, once that is gone, past it.
  static EtcdUrl by_proxy(const CuttingProxy& proxy) {
    EtcdUrl url = direct();
    url.endpoints.insert(url.endpoints.begin(), {"127.0.0.1", proxy.port()});
    return url;
  }
  static std::unique_ptr<EtcdStore> open(const EtcdUrl& url) {
    auto store = EtcdStore::open(url, EtcdStore::Access::kWrite);
    if (!store) throw std::runtime_error(store.error().message);
    return std::move(*store);
  }
  static Revision put(Store& store, const std::string& key, const std::string& value) {
    Batch batch;
    batch.put(key, value);
    const auto done = store.commit(batch);
    EXPECT_TRUE(done) << done.error().message;
    return done.value_or(0);
  }

  void SetUp() override {
    Batch batch;
    const Listing listing = other_->list("").value();
    for (const Entry& entry : listing.entries) batch.remove(entry.key);
    ASSERT_TRUE(other_->commit(batch));
  }

  std::unique_ptr<EtcdStore> other_ = open(direct());
  CuttingProxy proxy_{direct().endpoints.front().port};
  std::unique_ptr<EtcdStore> store_ = open(by_proxy(proxy_));
};

TEST_F(LostAnswer, OfANewKey) {
  const Revision before = put(*other_, "b", "1");
  proxy_.lose_next_answer([] {});
  const Revision done = put(*store_, "a", "mine");
  EXPECT_TRUE(proxy_.lost());
  EXPECT_EQ(*other_->get("a"), (Entry{"a", "mine", done}));
  EXPECT_EQ(done, before + 1);
  EXPECT_EQ(other_->list("")->revision, done) << "it was made once";
}

TEST_F(LostAnswer, OfAnExpectedKey) {
  const Revision before = put(*other_, "a", "old");
  Batch batch;
  batch.expect("a", before);
  batch.expect("b", 0);
  batch.put("a", "mine");
  batch.put("b", "mine");
  proxy_.lose_next_answer([] {});
  const auto done = store_->commit(batch);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_TRUE(proxy_.lost());
  EXPECT_EQ((*other_->get("a"))->revision, *done);
  EXPECT_EQ(other_->list("")->revision, *done);
}

TEST_F(LostAnswer, OfARemoval) {
  const Revision before = put(*other_, "a", "old");
  Batch batch;
  batch.expect("a", before);
  batch.remove("a");
  proxy_.lose_next_answer([] {});
  const auto done = store_->commit(batch);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_TRUE(proxy_.lost());
  EXPECT_FALSE(*other_->get("a"));
  EXPECT_EQ(other_->list("")->revision, *done);
}

TEST_F(LostAnswer, OfWhatSomebodyElseWroteOverSince) {
  const Revision before = put(*other_, "a", "old");
  Batch batch;
  batch.expect("a", before);
  batch.put("a", "mine");
  Revision last = 0;
  proxy_.lose_next_answer([&] {
    put(*other_, "a", "theirs");
    last = put(*other_, "a", "theirs again");
  });
  const auto done = store_->commit(batch);
  ASSERT_TRUE(done) << "it did happen: " << done.error().message;
  EXPECT_TRUE(proxy_.lost());
  EXPECT_EQ(*done, before + 1);
  EXPECT_EQ(*other_->get("a"), (Entry{"a", "theirs again", last})) << "and does not happen again";
}

TEST_F(LostAnswer, OfANewKeyThatSomebodyElseWroteOverSince) {
  Revision last = 0;
  proxy_.lose_next_answer([&] {
    put(*other_, "new", "theirs");
    last = put(*other_, "new", "theirs again");
  });
  const Revision done = put(*store_, "new", "mine");
  EXPECT_TRUE(proxy_.lost());
  EXPECT_EQ(done, last - 2);
  EXPECT_EQ(*other_->get("new"), (Entry{"new", "theirs again", last}));
}

TEST_F(LostAnswer, OfARefusal) {
  put(*other_, "a", "old");
  Batch batch;
  batch.expect("a", 0);
  batch.put("a", "mine");
  proxy_.lose_next_answer([] {});
  const auto done = store_->commit(batch);
  EXPECT_TRUE(proxy_.lost());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().id, "CF1501");
  EXPECT_EQ((*other_->get("a"))->value, "old");
}

TEST_F(LostAnswer, WhoseTracesACompactionRemovedIsNotGuessed) {
  const Revision before = put(*other_, "a", "old");
  Batch batch;
  batch.expect("a", before);
  batch.put("a", "mine");
  proxy_.lose_next_answer([&] {
    const Revision last = put(*other_, "a", "theirs");
    etcdserverpb::CompactionRequest request;
    request.set_revision(static_cast<std::int64_t>(last));
    etcdserverpb::CompactionResponse response;
    const auto way = etcd::Connection::make(direct());
    EXPECT_TRUE((*way)
                    ->ask_once([&](etcd::Connection::Member& member, grpc::ClientContext& context) {
                      return member.kv->Compact(&context, request, &response);
                    })
                    .ok());
  });
  const auto done = store_->commit(batch);
  EXPECT_TRUE(proxy_.lost());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().id, "CF1514");
  EXPECT_EQ((*other_->get("a"))->value, "theirs");
}

}  // namespace
}  // namespace certferry::store
