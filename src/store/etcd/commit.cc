#include "store/etcd/commit.h"

#include <sys/random.h>

#include "store/etcd/value.h"

namespace certferry::store::etcd {
namespace {

using etcdserverpb::Compare;

// As many as other clients may come in between where nothing was expected, before it is a conflict.
constexpr int kTries = 100;

std::string random_id() {
  std::string id(kCommitIdSize, '\0');
  // Never cut short for so few octets.
  while (::getrandom(id.data(), id.size(), 0) != static_cast<ssize_t>(id.size())) {
  }
  return id;
}

}  // namespace

Commit::Commit(Connection& connection, const std::string& folder, const Batch& batch)
    : connection_(connection), folder_(folder), id_(random_id()) {
  for (const auto& [key, value] : batch.puts) {
    touched_[key].need = Need::kPut;
    touched_[key].value = &value;
  }
  for (const std::string& key : batch.removals) touched_[key].need = Need::kRemoval;
  for (const Batch::Expectation& expectation : batch.expectations) {
    Touched& touched = touched_[expectation.key];
    touched.expected = expectation.revision;
    touched.state.revision = static_cast<std::int64_t>(expectation.revision);
    touched.state.there = expectation.revision != 0;
  }
}

// Removing what is not there changes nothing.
bool Commit::writes(const Touched& touched) const {
  return touched.need == Need::kPut || (touched.need == Need::kRemoval && touched.state.there);
}

std::size_t Commit::compares() const {
  std::size_t count = touched_.size();
  for (const auto& [key, touched] : touched_) count += touched.state.there && !touched.state.seen;
  return count;
}

etcdserverpb::TxnRequest Commit::request(bool only_look) const {
  etcdserverpb::TxnRequest request;
  if (only_look) {
    Compare& never = *request.add_compare();
    never.set_target(Compare::VERSION);
    never.set_result(Compare::LESS);
    never.set_key(folder_);
    never.set_version(0);
  }
  for (const auto& [key, touched] : touched_) {
    const std::string name = folder_ + key;
    request.add_failure()->mutable_request_range()->set_key(name);
    if (only_look) continue;
    Compare& same = *request.add_compare();
    same.set_target(Compare::MOD);
    same.set_result(Compare::EQUAL);
    same.set_key(name);
    same.set_mod_revision(touched.state.revision);
    if (touched.state.there && !touched.state.seen) {
      // The revision may be that of its removal, which nobody can expect.
      Compare& there = *request.add_compare();
      there.set_target(Compare::VALUE);
      there.set_result(Compare::GREATER);
      there.set_key(name);
      there.set_value(std::string(1, kRemoved) + std::string(kCommitIdSize, '\xff'));
    }
    if (!writes(touched)) continue;
    etcdserverpb::PutRequest& put = *request.add_success()->mutable_request_put();
    put.set_key(name);
    put.set_value(
        to_stored(id_, touched.need == Need::kPut ? std::optional<std::string_view>(*touched.value) : std::nullopt));
  }
  return request;
}

Result<Commit::State> Commit::state_of(const std::string& key, const mvccpb::KeyValue& entry) const {
  const auto stored = read_stored(entry.value());
  if (!stored) {
    return fail(ErrorKind::kFailed, "CF1504", "etcd's value of " + folder_ + key + " was not written by certferry",
                "look at who else writes there; restore the store from a backup");
  }
  return State{entry.mod_revision(), entry.create_revision(), stored->value.has_value(), std::string(stored->commit_id),
               true};
}

Result<> Commit::take_states(const etcdserverpb::TxnResponse& response) {
  if (response.responses_size() != static_cast<int>(touched_.size()))
    return connection_.error(grpc::Status(grpc::StatusCode::INTERNAL, "an answer does not fit the question"));
  int index = 0;
  for (auto& [key, touched] : touched_) {
    const auto& range = response.responses(index++).response_range();
    touched.state = State();
    touched.state.seen = true;
    if (range.kvs_size() == 0) continue;
    CERTFERRY_ASSIGN(touched.state, state_of(key, range.kvs(0)));
  }
  return {};
}

Result<std::optional<Commit::State>> Commit::look(const std::string& key, std::int64_t revision) {
  etcdserverpb::RangeRequest range;
  range.set_key(folder_ + key);
  range.set_revision(revision);
  etcdserverpb::RangeResponse response;
  const grpc::Status status = connection_.ask([&](Connection::Member& member, grpc::ClientContext& context) {
    return member.kv->Range(&context, range, &response);
  });
  if (!status.ok()) return nobody_knows(status);
  if (response.kvs_size() == 0) return std::optional<State>();
  CERTFERRY_ASSIGN(State state, state_of(key, response.kvs(0)));
  return std::optional(std::move(state));
}

// What it wrote is the version that follows `before`.
Result<std::optional<Revision>> Commit::find_in_history(const std::string& key, State state, std::int64_t before) {
  while (state.revision > before) {
    if (state.commit_id == id_) return static_cast<Revision>(state.revision);
    // Without a version before, it can only be the first one.
    const bool first = before == 0 && state.created < state.revision;
    if (before == 0 && !first) break;
    CERTFERRY_ASSIGN(const auto earlier, look(key, first ? state.created : state.revision - 1));
    if (!earlier) break;
    state = *earlier;
  }
  return std::optional<Revision>();
}

// It wrote all of its keys or none, so the first of them tells.
Result<std::optional<Revision>> Commit::find_itself(const std::map<std::string, State>& before) {
  for (const auto& [key, state] : before) return find_in_history(key, touched_.at(key).state, state.revision);
  return std::optional<Revision>();
}

Result<std::optional<Revision>> Commit::after_refusal(const etcdserverpb::TxnResponse& response) {
  std::map<std::string, State> before;
  for (const auto& [key, touched] : touched_) {
    if (writes(touched)) before[key] = touched.state;
  }
  CERTFERRY_TRY(take_states(response));
  if (uncertain_) {
    CERTFERRY_ASSIGN(const auto happened, find_itself(before));
    if (happened) return happened;
    // Something it compares has changed, so what is still on its way cannot happen any more.
    uncertain_ = false;
  }
  for (const auto& [key, touched] : touched_) {
    const State& state = touched.state;
    if (touched.expected && *touched.expected != (state.there ? static_cast<Revision>(state.revision) : 0))
      return conflict(key);
  }
  return std::optional<Revision>();
}

std::unexpected<Error> Commit::nobody_knows(const grpc::Status& status) const {
  return fail(ErrorKind::kUnreachable, "CF1514",
              "etcd at " + connection_.endpoints() +
                  " went away during a commit, and nobody can tell whether it happened: " + status.error_message(),
              "make etcd answer, then run the command again: it goes on from what is there");
}

// etcd says "full" of what it refused, and of the commit that made it full, which it carried out.
Result<Revision> Commit::after_full(const grpc::Status& status) {
  for (auto& [key, touched] : touched_) {
    if (!writes(touched)) continue;
    CERTFERRY_ASSIGN(const auto state, look(key, 0));
    if (!state) break;
    const auto happened = find_in_history(key, *state, touched.state.revision);
    if (happened && *happened) return **happened;
    // Its answer came this moment: a history that is gone already is not its own.
    uncertain_ = uncertain_ && (!happened || state->revision == touched.state.revision);
    break;
  }
  if (uncertain_) return nobody_knows(status);
  return connection_.error(status);
}

Result<Revision> Commit::run() {
  const auto end = connection_.now() + Connection::kPatience;
  for (int tries = 0; tries < kTries;) {
    etcdserverpb::TxnResponse response;
    const bool only_look = compares() > Batch::kMaxOperations;
    const etcdserverpb::TxnRequest wanted = request(only_look);
    const grpc::Status status = connection_.ask_once([&](Connection::Member& member, grpc::ClientContext& context) {
      return member.kv->Txn(&context, wanted, &response);
    });
    const Outcome outcome = outcome_of(status);
    if (outcome == Outcome::kDone && response.succeeded()) return static_cast<Revision>(response.header().revision());
    if (outcome == Outcome::kDone) {
      CERTFERRY_ASSIGN(const auto happened, after_refusal(response));
      if (happened) return *happened;
      ++tries;
      continue;
    }
    if (outcome == Outcome::kFull) return after_full(status);
    uncertain_ = uncertain_ || (outcome == Outcome::kUnknown && !only_look);
    const bool again = outcome == Outcome::kUnknown || outcome == Outcome::kNotDone;
    if (!again || connection_.now() >= end) {
      if (uncertain_) return nobody_knows(status);
      return connection_.error(status);
    }
    connection_.next();
  }
  return conflict(touched_.begin()->first);
}

}  // namespace certferry::store::etcd
