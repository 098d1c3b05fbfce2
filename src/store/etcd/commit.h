// One commit on etcd: a transaction that happens once or not at all, whatever becomes of its answers.
//
// Every key that it touches is compared, also those that nobody expects anything of: as the first success changes all that
// it writes, a second copy of the transaction, sent again or late on the wire, cannot succeed.
#pragma once

#include <map>
#include <string>

#include "store/etcd/connection.h"
#include "store/store.h"

namespace certferry::store::etcd {

class Commit {
 public:
  // `folder`: what every key begins with. All outlive this.
  Commit(Connection& connection, const std::string& folder, const Batch& batch);
  // As Store::commit, of a batch that check_batch() let pass.
  [[nodiscard]] Result<Revision> run();

 private:
  struct State {
    std::int64_t revision = 0;  // etcd's, of the last write: 0 for a key that never was
    std::int64_t created = 0;  // of the first one
    bool there = false;
    std::string commit_id;
    bool seen = false;  // else it is a guess
  };
  enum class Need { kNothing, kPut, kRemoval };
  struct Touched {
    Need need = Need::kNothing;
    const std::string* value = nullptr;
    std::optional<Revision> expected;
    State state;
  };

  [[nodiscard]] etcdserverpb::TxnRequest request(bool only_look) const;
  [[nodiscard]] bool writes(const Touched& touched) const;
  [[nodiscard]] std::size_t compares() const;
  [[nodiscard]] Result<State> state_of(const std::string& key, const mvccpb::KeyValue& entry) const;
  [[nodiscard]] Result<> take_states(const etcdserverpb::TxnResponse& response);
  // What etcd said no to: resolves what may have happened before. Nothing: try again.
  [[nodiscard]] Result<std::optional<Revision>> after_refusal(const etcdserverpb::TxnResponse& response);
  // The revision in which this commit happened, of states just taken; nothing where it did not.
  [[nodiscard]] Result<std::optional<Revision>> find_itself(const std::map<std::string, State>& before);
  [[nodiscard]] Result<std::optional<Revision>> find_in_history(const std::string& key, State state,
                                                                std::int64_t before);
  // The key as it was in a revision, 0 for now; nothing where it was not there.
  [[nodiscard]] Result<std::optional<State>> look(const std::string& key, std::int64_t revision);
  [[nodiscard]] Result<Revision> after_full(const grpc::Status& status);
  [[nodiscard]] std::unexpected<Error> nobody_knows(const grpc::Status& status) const;

  Connection& connection_;
  const std::string& folder_;
  std::string id_;
  std::map<std::string, Touched> touched_;
  bool uncertain_ = false;  // a transaction like the next one may have happened
};

}  // namespace certferry::store::etcd
