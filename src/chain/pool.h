// The certificates that a path may be built from, found by name; inside chain/ only.
#pragma once

#include <deque>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "chain/verify.h"

namespace certferry::chain {

struct Node {
  x509::Certificate certificate;
  bool anchor = false;
  bool system = false;  // an anchor out of Anchors::system, not given otherwise
  // Some sequence of issuer names leads from here to an anchor.
  bool reaches_anchor = false;
  // Whose key is known to have made the signature.
  const Node* signer = nullptr;
};

class Pool {
 public:
  Pool(const x509::Certificate& leaf, std::span<const x509::Certificate> untrusted, const Anchors& anchors);

  [[nodiscard]] Node* leaf() { return leaf_; }
  // Those whose subject is the issuer of `child`, the likely ones first: anchors, matching key identifiers, valid at
  // `now`, newer ones.
  [[nodiscard]] std::vector<Node*> issuers_of(const Node& child, Time now) const;

 private:
  Node* add(const x509::Certificate& certificate, bool anchor);
  void add_system_anchors();
  void mark_reaching();

  const SystemTrust* system_;
  std::deque<Node> nodes_;
  Node* leaf_ = nullptr;
  std::unordered_map<std::string_view, Node*> by_digest_;                 // views of sha256
  std::unordered_map<std::string_view, std::vector<Node*>> by_subject_;   // views of canonical names
};

}  // namespace certferry::chain
