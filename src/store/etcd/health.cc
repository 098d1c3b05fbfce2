#include "store/etcd_health.h"

#include <limits>

#include "store/etcd/connection.h"
#include "store/etcd/purge.h"

namespace certferry::store {
namespace {

using etcd::Connection;

EtcdMember ask_member(Connection::Member& member, std::int64_t& revision) {
  EtcdMember told;
  told.endpoint = member.endpoint;
  grpc::ClientContext context;
  // A member without a leader shall say so, and not refuse.
  Connection::limit(context, Connection::kCallLimit);
  etcdserverpb::StatusResponse response;
  const grpc::Status status = member.maintenance->Status(&context, {}, &response);
  if (!status.ok()) {
    told.problem = status.error_message();
    return told;
  }
  told.version = response.version();
  told.learner = response.is_learner();
  told.octets = response.db_size();
  told.octets_in_use = response.db_size_in_use();
  told.quota = response.db_size_quota();
  told.errors.assign(response.errors().begin(), response.errors().end());
  told.leads = response.leader() != 0 && response.leader() == response.header().member_id();
  if (response.leader() == 0) told.errors.emplace_back("it knows no leader");
  revision = std::max(revision, response.header().revision());
  return told;
}

}  // namespace

Result<EtcdHealth> examine_etcd(const EtcdUrl& url) {
  CERTFERRY_ASSIGN(const std::unique_ptr<Connection> connection, Connection::make(url));
  EtcdHealth health;
  // Finds a member that answers, or says why none does.
  constexpr std::int64_t kAny = std::numeric_limits<std::int64_t>::max();
  CERTFERRY_ASSIGN(const std::vector<etcd::Removed> removed,
                   etcd::removed_until(*connection, url.prefix() + "k/", kAny));
  health.removed = removed.size();
  for (Connection::Member& member : connection->members())
    health.members.push_back(ask_member(member, health.revision));
  etcdserverpb::AlarmResponse alarms;
  const grpc::Status alarmed = connection->ask([&](Connection::Member& member, grpc::ClientContext& context) {
    return member.maintenance->Alarm(&context, {}, &alarms);
  });
  if (!alarmed.ok()) return connection->error(alarmed);
  for (const etcdserverpb::AlarmMember& alarm : alarms.alarms())
    health.alarms.emplace_back(alarm.alarm() == etcdserverpb::NOSPACE ? "NOSPACE" : "CORRUPT");
  etcdserverpb::RangeRequest first;
  first.set_key(url.prefix());
  first.set_revision(1);
  first.set_count_only(true);
  etcdserverpb::RangeResponse response;
  const grpc::Status oldest = connection->ask([&](Connection::Member& member, grpc::ClientContext& context) {
    return member.kv->Range(&context, first, &response);
  });
  health.keeps_all_history = oldest.ok();
  return health;
}

}  // namespace certferry::store
