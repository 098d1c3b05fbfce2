#include "store/etcd/etcd_store.h"

#include <algorithm>
#include <functional>

#include "store/etcd/commit.h"
#include "store/etcd/connection.h"
#include "store/etcd/prefix.h"
#include "store/etcd/purge.h"
#include "store/etcd/value.h"
#include "store/etcd/watch.h"

namespace certferry::store {
namespace {

using etcd::Connection;
using etcdserverpb::RangeRequest;
using etcdserverpb::RangeResponse;

constexpr std::string_view kSchema = "1";
// Entries of one answer: values of 3 kB make 3 MB of it.
constexpr std::int64_t kPage = 1'000;
// A list that a compaction overtook begins anew.
constexpr int kListTries = 5;

}  // namespace

class EtcdStore::Implementation {
 public:
  Implementation(std::unique_ptr<Connection> connection, const EtcdUrl& url)
      : connection_(std::move(connection)),
        watch_(*connection_),
        schema_key_(url.prefix() + "schema"),
        mark_key_(url.prefix() + "purged"),
        folder_(url.prefix() + "k/") {}

  [[nodiscard]] grpc::Status range(const RangeRequest& request, RangeResponse& response) {
    return connection_->ask([&](Connection::Member& member, grpc::ClientContext& context) {
      response.Clear();
      return member.kv->Range(&context, request, &response);
    });
  }

  [[nodiscard]] Result<> check_schema(Access access);

  using Take = std::function<void(const std::string& key, const etcd::StoredValue& stored, Revision revision)>;
  // Every key below `prefix` that was written after `from`, from one moment, which it returns. `restart` comes before a
  // list that begins anew.
  [[nodiscard]] Result<Revision> read(std::string_view prefix, Revision from, const std::function<void()>& restart,
                                      const Take& take);
  [[nodiscard]] std::unexpected<Error> damaged(const std::string& key) const {
    return fail(ErrorKind::kFailed, "CF1504", "etcd's value of " + key + " was not written by certferry",
                "look at who else writes there; restore the store from a backup");
  }

  Connection& connection() { return *connection_; }
  etcd::Watch& watch() { return watch_; }
  [[nodiscard]] const std::string& folder() const { return folder_; }

  [[nodiscard]] const std::string& mark_key() const { return mark_key_; }
  // Whether removals after `from` may be gone. Asked once in an hour: they stay for a day.
  [[nodiscard]] Result<bool> is_too_old(Revision from) {
    constexpr std::chrono::hours kKnown{1};
    if (!gone_ || connection_->now() - asked_ > kKnown) {
      CERTFERRY_ASSIGN(const etcd::PurgeMark mark, etcd::read_mark(*connection_, mark_key_));
      gone_ = static_cast<Revision>(mark.gone);
      asked_ = connection_->now();
    }
    return from < *gone_;
  }

  bool reading = false;
  std::int64_t moment = 0;  // of the first read of a Reading

 private:
  // One page after the other; the status of the first that fails.
  [[nodiscard]] Result<grpc::Status> read_pages(RangeRequest request, const Take& take, std::int64_t& revision);

  std::unique_ptr<Connection> connection_;
  etcd::Watch watch_;
  std::optional<Revision> gone_;
  std::chrono::nanoseconds asked_{0};
  std::string schema_key_;
  std::string mark_key_;
  std::string folder_;
};

Result<> EtcdStore::Implementation::check_schema(Access access) {
  RangeRequest request;
  request.set_key(schema_key_);
  RangeResponse response;
  if (const grpc::Status status = range(request, response); !status.ok()) return connection_->error(status);
  if (response.kvs_size() > 0) {
    const std::string& found = response.kvs(0).value();
    if (found == kSchema) return {};
    return fail(ErrorKind::kFailed, "CF1505",
                "the store " + schema_key_ + " on etcd was written by a newer certferry (schema " + found + ")",
                "use the newer version on this computer too");
  }
  if (access == Access::kRead)
    return connection_->error(grpc::Status(grpc::StatusCode::NOT_FOUND, "there is no store below " + schema_key_));
  // Twice is the same as once.
  etcdserverpb::TxnRequest make;
  etcdserverpb::Compare& absent = *make.add_compare();
  absent.set_target(etcdserverpb::Compare::MOD);
  absent.set_key(schema_key_);
  absent.set_mod_revision(0);
  etcdserverpb::PutRequest& put = *make.add_success()->mutable_request_put();
  put.set_key(schema_key_);
  put.set_value(std::string(kSchema));
  etcdserverpb::TxnResponse made;
  const grpc::Status status = connection_->ask(
      [&](Connection::Member& member, grpc::ClientContext& context) { return member.kv->Txn(&context, make, &made); });
  if (!status.ok()) return connection_->error(status);
  return {};
}

Result<grpc::Status> EtcdStore::Implementation::read_pages(RangeRequest request, const Take& take,
                                                           std::int64_t& revision) {
  while (true) {
    RangeResponse response;
    grpc::Status status = range(request, response);
    if (!status.ok()) return status;
    if (revision == 0) revision = response.header().revision();
    request.set_revision(revision);
    for (const mvccpb::KeyValue& entry : response.kvs()) {
      const auto stored = etcd::read_stored(entry.value());
      if (!stored) return damaged(entry.key());
      take(entry.key().substr(folder_.size()), *stored, static_cast<Revision>(entry.mod_revision()));
    }
    if (!response.more() || response.kvs_size() == 0) return status;
    request.set_key(response.kvs(response.kvs_size() - 1).key() + std::string(1, '\0'));
  }
}

Result<Revision> EtcdStore::Implementation::read(std::string_view prefix, Revision from,
                                                 const std::function<void()>& restart, const Take& take) {
  RangeRequest request;
  request.set_key(folder_ + std::string(prefix));
  request.set_range_end(etcd::end_of_prefix(request.key()));
  request.set_limit(kPage);
  if (from > 0) {
    // etcd would look at the whole prefix for every page.
    request.set_limit(0);
    request.set_min_mod_revision(static_cast<std::int64_t>(from) + 1);
  }
  if (reading) request.set_revision(moment);
  for (int tries = 1;; ++tries) {
    std::int64_t revision = reading ? moment : 0;
    restart();
    CERTFERRY_ASSIGN(const grpc::Status status, read_pages(request, take, revision));
    if (status.ok()) {
      if (reading) moment = revision;
      return static_cast<Revision>(revision);
    }
    const bool overtaken = etcd::outcome_of(status) == etcd::Outcome::kCompacted && moment == 0;
    if (!overtaken || tries == kListTries) return connection_->error(status);
  }
}

EtcdStore::EtcdStore(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}
EtcdStore::~EtcdStore() = default;

Result<std::unique_ptr<EtcdStore>> EtcdStore::open(const EtcdUrl& url, Access access) {
  CERTFERRY_ASSIGN(auto connection, Connection::make(url));
  auto implementation = std::make_unique<Implementation>(std::move(connection), url);
  CERTFERRY_TRY(implementation->check_schema(access));
  return std::unique_ptr<EtcdStore>(new EtcdStore(std::move(implementation)));
}

Result<std::optional<Entry>> EtcdStore::get(std::string_view key) {
  RangeRequest request;
  request.set_key(implementation_->folder() + std::string(key));
  if (implementation_->reading) request.set_revision(implementation_->moment);
  RangeResponse response;
  const grpc::Status status = implementation_->range(request, response);
  if (!status.ok()) return implementation_->connection().error(status);
  if (implementation_->reading && implementation_->moment == 0) implementation_->moment = response.header().revision();
  if (response.kvs_size() == 0) return std::optional<Entry>();
  const auto stored = etcd::read_stored(response.kvs(0).value());
  if (!stored) return implementation_->damaged(request.key());
  if (!stored->value) return std::optional<Entry>();
  return std::optional(
      Entry{std::string(key), std::string(*stored->value), static_cast<Revision>(response.kvs(0).mod_revision())});
}

Result<Listing> EtcdStore::list(std::string_view prefix) {
  Listing listing;
  CERTFERRY_ASSIGN(listing.revision,
                   implementation_->read(
                       prefix, 0, [&] { listing.entries.clear(); },
                       [&](const std::string& key, const etcd::StoredValue& stored, Revision revision) {
                         if (stored.value) listing.entries.push_back({key, std::string(*stored.value), revision});
                       }));
  return listing;
}

Result<Revision> EtcdStore::commit(const Batch& batch) {
  CERTFERRY_TRY(check_batch(batch));
  return etcd::Commit(implementation_->connection(), implementation_->folder(), batch).run();
}

Result<Changes> EtcdStore::changes(std::string_view prefix, Revision from) {
  Changes found;
  CERTFERRY_ASSIGN(found.revision,
                   implementation_->read(
                       prefix, from, [&] { found.changes.clear(); },
                       [&](const std::string& key, const etcd::StoredValue& stored, Revision revision) {
                         found.changes.push_back(
                             {key, stored.value ? std::optional<std::string>(*stored.value) : std::nullopt, revision});
                       }));
  // After the read: what went before it is known then.
  CERTFERRY_ASSIGN(const bool too_old, implementation_->is_too_old(from));
  found.compacted = found.revision < from || (from > 0 && too_old);
  std::ranges::stable_sort(found.changes, {}, &Change::revision);
  return found;
}

Result<bool> EtcdStore::wait(std::string_view prefix, Revision from, std::chrono::milliseconds limit) {
  return implementation_->watch().wait(implementation_->folder() + std::string(prefix), from, limit);
}

Result<std::size_t> EtcdStore::purge(Time now) {
  return etcd::purge(implementation_->connection(), implementation_->mark_key(), implementation_->folder(), now);
}

Result<> EtcdStore::verify() {
  CERTFERRY_TRY(implementation_->read("", 0, [] {}, [](const std::string&, const etcd::StoredValue&, Revision) {}));
  etcdserverpb::AlarmResponse alarms;
  const grpc::Status status =
      implementation_->connection().ask([&](Connection::Member& member, grpc::ClientContext& context) {
        return member.maintenance->Alarm(&context, {}, &alarms);
      });
  if (!status.ok()) return implementation_->connection().error(status);
  for (const etcdserverpb::AlarmMember& alarm : alarms.alarms()) {
    const bool full = alarm.alarm() == etcdserverpb::NOSPACE;
    return implementation_->connection().error(
        full ? grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "space exceeded")
             : grpc::Status(grpc::StatusCode::DATA_LOSS, "corrupt"));
  }
  return {};
}

void EtcdStore::begin_reading() {
  implementation_->reading = true;
  implementation_->moment = 0;
}

void EtcdStore::end_reading() {
  implementation_->reading = false;
  implementation_->moment = 0;
}

}  // namespace certferry::store
