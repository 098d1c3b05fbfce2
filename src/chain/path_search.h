// The depth-first search for a path; inside chain/ only.
#pragma once

#include <map>
#include <vector>

#include "chain/certificate_rules.h"
#include "chain/path_rules.h"
#include "chain/pool.h"
#include "chain/verify.h"

namespace certferry::chain {

// Two passes over the same tree: the first leaves every branch at the first fatal finding and stops at the first good
// path; the second, where there is none, keeps on in order to tell why the best candidate fails.
class PathSearch {
 public:
  PathSearch(Pool& pool, const Options& options);

  // `leaf_findings`: what is known about the leaf by itself.
  [[nodiscard]] Verdict run(Findings leaf_findings);

 private:
  struct Step {
    Node* node;
    Findings findings;
  };
  enum class Pass { kFind, kExplain };
  enum class Signature { kGood, kBad, kUnsupported, kNotChecked };

  void extend(Pass pass);
  void try_issuer(Pass pass, Node& issuer, bool& extended, const Node*& not_signer);
  [[nodiscard]] Findings judge(Node& issuer);
  [[nodiscard]] Signature check_signature(Node& child, const Node& issuer);
  [[nodiscard]] bool in_path(const Node& node) const;
  // What only a whole path shows: policies, revocation.
  [[nodiscard]] Findings judge_path();
  void judge_revocation(Judge& judge);
  // Compares the path as it stands with the best one so far.
  void finish(Trust trust, const Findings& last, const x509::Name* missing_issuer = nullptr);
  void finish_dead_end(bool circle, const Node* not_signer);
  [[nodiscard]] bool may_go_on(Pass pass);
  [[nodiscard]] Role role_of(const Node& node) const;

  Pool& pool_;
  const Options& options_;
  std::vector<Step> path_;
  std::vector<const x509::CertificateFields*> fields_;  // of path_
  std::map<std::pair<const Node*, const Node*>, Signature> signatures_;
  std::map<std::pair<const Node*, const Node*>, RevocationStatus> revocations_;
  std::size_t signatures_checked_ = 0;
  std::size_t steps_ = 0;
  std::size_t step_limit_ = 0;
  std::size_t name_comparisons_ = 0;
  std::string exhausted_;  // which limit was reached
  bool found_ = false;
  std::optional<Verdict> best_;
  std::size_t best_cost_ = 0;
};

}  // namespace certferry::chain
