#include "chain/pool.h"

#include <algorithm>

namespace certferry::chain {
namespace {

std::string_view digest_of(const x509::Certificate& certificate) { return as_text(certificate->sha256); }

// How likely it is that `issuer` signed `child` and that the path through it is good.
int likelihood(const x509::CertificateFields& child, const Node& node, Time now) {
  const x509::CertificateFields& issuer = *node.certificate;
  int score = node.anchor ? 2 : 0;
  if (const auto& authority = child.authority_key_id) {
    if (authority->key_id && issuer.subject_key_id) score += *authority->key_id == *issuer.subject_key_id ? 8 : -16;
    if (authority->serial && *authority->serial == issuer.serial) score += 1;
  }
  if (now >= issuer.not_before && now <= issuer.not_after) score += 4;
  if (!node.anchor && x509::signature_algorithm(issuer.signature_algorithm).digest == "SHA-1") score -= 2;
  return score;
}

}  // namespace

Pool::Pool(const x509::Certificate& leaf, std::span<const x509::Certificate> untrusted, const Anchors& anchors)
    : system_(anchors.system) {
  for (const auto& certificate : anchors.certificates) add(certificate, true);
  leaf_ = add(leaf, false);
  for (const auto& certificate : untrusted) add(certificate, false);
  if (system_) add_system_anchors();
  mark_reaching();
}

Node* Pool::add(const x509::Certificate& certificate, bool anchor) {
  const auto known = by_digest_.find(digest_of(certificate));
  if (known != by_digest_.end()) {
    known->second->anchor = known->second->anchor || anchor;
    return known->second;
  }
  Node& node = nodes_.emplace_back(Node{certificate, anchor});
  by_digest_.emplace(digest_of(node.certificate), &node);
  by_subject_[node.certificate->subject.canonical()].push_back(&node);
  return &node;
}

void Pool::add_system_anchors() {
  std::unordered_set<std::string_view> wanted;
  const std::size_t count = nodes_.size();
  for (std::size_t i = 0; i < count; ++i) {
    const x509::Name& issuer = nodes_[i].certificate->issuer;
    if (!wanted.insert(issuer.canonical()).second) continue;
    for (const auto& certificate : system_->find(issuer)) {
      Node* node = add(certificate, false);
      node->system = !node->anchor || node->system;
      node->anchor = true;
    }
  }
}

void Pool::mark_reaching() {
  std::unordered_map<std::string_view, std::vector<Node*>> by_issuer;
  std::vector<Node*> reached;
  for (Node& node : nodes_) {
    by_issuer[node.certificate->issuer.canonical()].push_back(&node);
    if (node.anchor) reached.push_back(&node);
  }
  for (Node* node : reached) node->reaches_anchor = true;
  while (!reached.empty()) {
    const Node* node = reached.back();
    reached.pop_back();
    const auto children = by_issuer.find(node->certificate->subject.canonical());
    if (children == by_issuer.end()) continue;
    for (Node* child : children->second) {
      if (child->reaches_anchor) continue;
      child->reaches_anchor = true;
      reached.push_back(child);
    }
    by_issuer.erase(children);  // seen once is enough, however many share the subject
  }
}

std::vector<Node*> Pool::issuers_of(const Node& child, Time now) const {
  const auto found = by_subject_.find(child.certificate->issuer.canonical());
  if (found == by_subject_.end()) return {};
  std::vector<Node*> issuers = found->second;
  if (issuers.size() < 2) return issuers;
  std::vector<std::pair<int, Node*>> scored;
  scored.reserve(issuers.size());
  for (Node* node : issuers) scored.emplace_back(likelihood(*child.certificate, *node, now), node);
  std::ranges::stable_sort(scored, [](const auto& a, const auto& b) {
    if (a.first != b.first) return a.first > b.first;
    return a.second->certificate->not_before > b.second->certificate->not_before;
  });
  for (std::size_t i = 0; i < scored.size(); ++i) issuers[i] = scored[i].second;
  return issuers;
}

}  // namespace certferry::chain
