// Three members, of which one dies or stands still while commits are made: nothing is lost, nothing doubled.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/clock.h"
#include "store/etcd/etcd_store.h"
#include "store/etcd/testing/etcd_cluster.h"

namespace certferry::store {
namespace {

using std::chrono_literals::operator""s;
using testing::EtcdCluster;

class Writer {
 public:
  explicit Writer(const EtcdUrl& url) : store_(EtcdStore::open(url, EtcdStore::Access::kWrite).value()) {}

  // Commits with and without expectations in turn, each also to a key of its own. CF1501 would be a lie: nobody else writes.
  void commit(int times) {
    for (int i = 0; i < times; ++i) {
      const int number = done_ + 1;
      Batch batch;
      if (number % 2 == 0) batch.expect("counter", revision_);
      batch.put("counter", std::to_string(number));
      batch.put("n/" + std::to_string(number), std::to_string(number));
      const auto start = clock_.monotonic();
      const auto committed = store_->commit(batch);
      longest_ = std::max(longest_, clock_.monotonic() - start);
      ASSERT_TRUE(committed) << number << ": " << committed.error().id << " " << committed.error().message;
      ASSERT_GT(*committed, revision_);
      revision_ = *committed;
      done_ = number;
    }
  }
  [[nodiscard]] int done() const { return done_; }
  // Of one commit.
  [[nodiscard]] std::chrono::duration<double> longest() const { return longest_; }

  void expect_each_commit_once(const EtcdUrl& url) {
    const auto store = EtcdStore::open(url, EtcdStore::Access::kRead);
    ASSERT_TRUE(store) << store.error().message;
    EXPECT_EQ((*(*store)->get("counter"))->value, std::to_string(done()));
    const auto listing = (*store)->list("n/");
    ASSERT_TRUE(listing);
    EXPECT_EQ(listing->entries.size(), static_cast<std::size_t>(done()));
    // The cluster's first revision is 1, the next one made the store.
    EXPECT_EQ(listing->revision, static_cast<Revision>(done()) + 2) << "one revision for each commit";
  }

 private:
  SystemClock clock_;
  std::unique_ptr<EtcdStore> store_;
  std::atomic<int> done_ = 0;
  Revision revision_ = 0;
  std::chrono::nanoseconds longest_{0};
};

// The members in that order.
EtcdUrl beginning_with(EtcdUrl url, std::size_t first) {
  std::rotate(url.endpoints.begin(), url.endpoints.begin() + static_cast<std::ptrdiff_t>(first), url.endpoints.end());
  return url;
}

// Runs `fault` in the middle of 300 commits.
template <typename Fault>
void commit_through(Writer& writer, const Fault& fault) {
  const int before = writer.done();
  const std::jthread other([&] {
    while (writer.done() < before + 100) std::this_thread::yield();
    fault();
  });
  writer.commit(300);
}

TEST(EtcdFaults, LeaderKilled) {
  EtcdCluster cluster({.members = 3});
  const EtcdUrl url = cluster.url("fleet");
  // First by the leader itself, then by who serves by then.
  Writer writer(beginning_with(url, cluster.leader()));
  for (const char* round : {"longest_ms_1", "longest_ms_2", "longest_ms_3"}) {
    const std::size_t leader = cluster.leader();
    commit_through(writer, [&] { cluster.kill(leader); });
    RecordProperty(round, static_cast<int>(writer.longest().count() * 1000));
    EXPECT_LE(writer.longest(), 3s);
    cluster.start(leader);
    cluster.wait_until_served(leader);
    writer.expect_each_commit_once(url);
  }
}

TEST(EtcdFaults, LeaderStandsStill) {
  EtcdCluster cluster({.members = 3});
  const std::size_t leader = cluster.leader();
  const EtcdUrl url = beginning_with(cluster.url("fleet"), leader);
  Writer writer(url);
  commit_through(writer, [&] { cluster.pause(leader); });
  RecordProperty("longest_ms", static_cast<int>(writer.longest().count() * 1000));
  EXPECT_LE(writer.longest(), 10s);
  cluster.resume(leader);
  writer.commit(50);
  writer.expect_each_commit_once(url);
}

TEST(EtcdFaults, NoMajority) {
  EtcdCluster cluster({.members = 3});
  const EtcdUrl url = cluster.url("fleet");
  Writer writer(url);
  writer.commit(10);
  auto store = EtcdStore::open(url, EtcdStore::Access::kWrite).value();
  const std::size_t leader = cluster.leader();
  cluster.kill(leader);
  cluster.kill((leader + 1) % 3);
  Batch batch;
  batch.put("late", "1");
  const auto done = store->commit(batch);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().id, ::testing::AnyOf("CF1503", "CF1514"));
  EXPECT_EQ(done.error().kind, ErrorKind::kUnreachable);
  EXPECT_EQ(store->get("counter").error().id, "CF1503");
}

TEST(EtcdFaults, AWatchGoesOnPastAMemberThatStandsStill) {
  EtcdCluster cluster({.members = 3});
  const std::size_t follower = (cluster.leader() + 1) % 3;
  const EtcdUrl url = beginning_with(cluster.url("fleet"), follower);
  const auto watcher = EtcdStore::open(url, EtcdStore::Access::kWrite).value();
  const auto start = watcher->list("")->revision;
  EXPECT_FALSE(*watcher->wait("w/", start, std::chrono::milliseconds(100)));
  cluster.pause(follower);
  const auto writer = EtcdStore::open(beginning_with(url, 1), EtcdStore::Access::kWrite).value();
  Batch batch;
  batch.put("w/a", "1");
  ASSERT_TRUE(writer->commit(batch));
  const SystemClock clock;
  const auto asked = clock.monotonic();
  EXPECT_TRUE(*watcher->wait("w/", start, 30s));
  EXPECT_LE(clock.monotonic() - asked, 12s) << "six seconds to the ping, three to its answer, and another member's";
  EXPECT_EQ(watcher->changes("w/", start)->changes.size(), 1u);
  cluster.resume(follower);
}

}  // namespace
}  // namespace certferry::store
