#include "store/etcd/purge.h"

#include <charconv>
#include <span>
#include <vector>

#include "store/etcd/prefix.h"
#include "store/etcd/value.h"

namespace certferry::store::etcd {
namespace {

// A commit that is still on its way, or a relay that was cut off, is younger.
constexpr std::chrono::hours kAge{24};
constexpr int kBatch = 100;

void compare_revision(etcdserverpb::TxnRequest& transaction, const std::string& key, std::int64_t revision) {
  etcdserverpb::Compare& same = *transaction.add_compare();
  same.set_target(etcdserverpb::Compare::MOD);
  same.set_key(key);
  same.set_mod_revision(revision);
}

// All of them, as long as none was written again. Twice is the same as once.
Result<bool> erase(Connection& connection, std::span<const Removed> keys) {
  etcdserverpb::TxnRequest transaction;
  for (const Removed& one : keys) {
    compare_revision(transaction, one.key, one.revision);
    transaction.add_success()->mutable_request_delete_range()->set_key(one.key);
  }
  etcdserverpb::TxnResponse response;
  const grpc::Status status = connection.ask([&](Connection::Member& member, grpc::ClientContext& context) {
    return member.kv->Txn(&context, transaction, &response);
  });
  if (!status.ok()) return connection.error(status);
  return response.succeeded();
}

}  // namespace

Result<std::vector<Removed>> removed_until(Connection& connection, const std::string& folder, std::int64_t revision) {
  constexpr std::int64_t kPage = 1'000;
  std::vector<Removed> found;
  etcdserverpb::RangeRequest request;
  request.set_key(folder);
  request.set_range_end(end_of_prefix(folder));
  request.set_limit(kPage);
  while (true) {
    etcdserverpb::RangeResponse response;
    const grpc::Status status = connection.ask([&](Connection::Member& member, grpc::ClientContext& context) {
      response.Clear();
      return member.kv->Range(&context, request, &response);
    });
    if (!status.ok()) return connection.error(status);
    for (const mvccpb::KeyValue& entry : response.kvs()) {
      const auto stored = read_stored(entry.value());
      if (stored && !stored->value && entry.mod_revision() <= revision)
        found.push_back({entry.key(), entry.mod_revision()});
    }
    if (!response.more() || response.kvs_size() == 0) return found;
    request.set_key(response.kvs(response.kvs_size() - 1).key() + std::string(1, '\0'));
  }
}

Result<PurgeMark> read_mark(Connection& connection, const std::string& key) {
  etcdserverpb::RangeRequest request;
  request.set_key(key);
  etcdserverpb::RangeResponse response;
  const grpc::Status status = connection.ask([&](Connection::Member& member, grpc::ClientContext& context) {
    return member.kv->Range(&context, request, &response);
  });
  if (!status.ok()) return connection.error(status);
  PurgeMark mark;
  mark.now = response.header().revision();
  if (response.kvs_size() == 0) return mark;
  mark.written = response.kvs(0).mod_revision();
  const std::string& text = response.kvs(0).value();
  std::int64_t seconds = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (std::int64_t* const number : {&mark.gone, &mark.until, &seconds}) {
    const auto read = std::from_chars(at, end, *number);
    if (read.ec != std::errc())
      return fail(ErrorKind::kFailed, "CF1504", "etcd's value of " + key + " was not written by certferry",
                  "look at who else writes there; restore the store from a backup");
    at = read.ptr < end ? read.ptr + 1 : end;
  }
  mark.at = Time(std::chrono::seconds(seconds));
  return mark;
}

Result<std::size_t> purge(Connection& connection, const std::string& mark_key, const std::string& folder, Time now) {
  CERTFERRY_ASSIGN(const PurgeMark mark, read_mark(connection, mark_key));
  if (mark.written != 0 && now < mark.at + kAge) return std::size_t{0};
  // First what is going to be gone, so that nobody misses it silently.
  etcdserverpb::TxnRequest transaction;
  compare_revision(transaction, mark_key, mark.written);
  etcdserverpb::PutRequest& put = *transaction.add_success()->mutable_request_put();
  put.set_key(mark_key);
  put.set_value(std::to_string(mark.until) + " " + std::to_string(mark.now) + " " +
                std::to_string(now.time_since_epoch().count()));
  etcdserverpb::TxnResponse response;
  const grpc::Status status = connection.ask([&](Connection::Member& member, grpc::ClientContext& context) {
    return member.kv->Txn(&context, transaction, &response);
  });
  if (!status.ok()) return connection.error(status);
  if (!response.succeeded() || mark.until == 0) return std::size_t{0};
  CERTFERRY_ASSIGN(const std::vector<Removed> removed, removed_until(connection, folder, mark.until));
  std::size_t erased = 0;
  for (std::size_t i = 0; i < removed.size(); i += kBatch) {
    const auto part = std::span(removed).subspan(i, std::min<std::size_t>(kBatch, removed.size() - i));
    CERTFERRY_ASSIGN(const bool done, erase(connection, part));
    if (done) erased += part.size();
  }
  return erased;
}

}  // namespace certferry::store::etcd
