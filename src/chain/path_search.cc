#include "chain/path_search.h"

#include <fmt/format.h>

#include <algorithm>

#include "chain/policies.h"

namespace certferry::chain {
namespace {

// Enough candidates to explain a failure; each costs a judgement of its certificates.
constexpr std::size_t kExplainSteps = 512;

std::size_t fatal_count(const Findings& findings) {
  return static_cast<std::size_t>(
      std::ranges::count_if(findings, [](const Finding& finding) { return finding.severity == Severity::kFatal; }));
}

void append(Findings& to, const Findings& from) { to.insert(to.end(), from.begin(), from.end()); }

std::string get_issuer_fix(const x509::CertificateFields& fields) {
  if (fields.ca_issuer_urls.empty())
    return "put the CA's intermediate certificates into the file, or give them with --untrusted";
  return fmt::format("add the CA's certificate to the file; its address is {}", fields.ca_issuer_urls.front());
}

bool has_other_key_id(const Node& child, const Node& issuer) {
  const auto& wanted = child.certificate->authority_key_id;
  const auto& has = issuer.certificate->subject_key_id;
  return wanted && wanted->key_id && has && *wanted->key_id != *has;
}

}  // namespace

PathSearch::PathSearch(Pool& pool, const Options& options)
    : pool_(pool),
      options_(options),
      step_limit_(options.limits.steps),
      name_comparisons_(4 * options.limits.name_comparisons) {}

Role PathSearch::role_of(const Node& node) const {
  if (&node == pool_.leaf() && path_.size() <= 1) return Role::kLeaf;
  return node.anchor ? Role::kAnchor : Role::kIntermediate;
}

bool PathSearch::in_path(const Node& node) const {
  // A path that comes back to the same CA (name and key) is never better than the one without the detour.
  return std::ranges::any_of(path_, [&](const Step& step) {
    return step.node == &node || (step.node->certificate->subject == node.certificate->subject &&
                                  step.node->certificate->public_key == node.certificate->public_key);
  });
}

Findings PathSearch::judge(Node& issuer) {
  Findings findings;
  Judge judge(options_.mode, findings);
  const Role role = issuer.anchor ? Role::kAnchor : Role::kIntermediate;
  judge_certificate(issuer.certificate, role, {options_.now, options_.purpose}, judge);
  const std::size_t allowed = std::min(name_comparisons_, options_.limits.name_comparisons);
  std::size_t left = allowed;
  judge_issuer(fields_, issuer.certificate, role, {options_.max_depth, &left}, judge);
  name_comparisons_ -= allowed - left;
  return findings;
}

PathSearch::Signature PathSearch::check_signature(Node& child, const Node& issuer) {
  // A signature is good under one key only.
  if (child.signer)
    return child.signer->certificate->public_key == issuer.certificate->public_key ? Signature::kGood : Signature::kBad;
  const auto known = signatures_.find({&child, &issuer});
  if (known != signatures_.end()) return known->second;
  const x509::CertificateFields& fields = *child.certificate;
  std::optional<x509::SignatureStatus> status;
  if (options_.cache) status = options_.cache->find(fields, *issuer.certificate);
  if (!status) {
    if (signatures_checked_ >= options_.limits.signatures) {
      exhausted_ = fmt::format("{} signatures", options_.limits.signatures);
      return Signature::kNotChecked;
    }
    ++signatures_checked_;
    status = issuer.certificate->public_key.verify(fields.signature_algorithm, fields.tbs, fields.signature);
    if (options_.cache) options_.cache->put(fields, *issuer.certificate, *status);
  }
  const Signature result = *status == x509::SignatureStatus::kGood  ? Signature::kGood
                           : *status == x509::SignatureStatus::kBad ? Signature::kBad
                                                                    : Signature::kUnsupported;
  if (result == Signature::kGood) child.signer = &issuer;
  signatures_.emplace(std::pair{&child, &issuer}, result);
  return result;
}

bool PathSearch::may_go_on(Pass pass) {
  if (found_ || steps_ >= step_limit_) {
    if (!found_ && pass == Pass::kFind) exhausted_ = fmt::format("{} candidates", options_.limits.steps);
    return false;
  }
  return true;
}

void PathSearch::try_issuer(Pass pass, Node& issuer, bool& extended, const Node*& not_signer) {
  if (pass == Pass::kFind && !issuer.reaches_anchor) return;
  ++steps_;
  Findings findings = judge(issuer);
  if (pass == Pass::kFind && has_fatal(findings)) return;
  switch (check_signature(*path_.back().node, issuer)) {
    case Signature::kGood: break;
    case Signature::kNotChecked: extended = true; return;  // unknown is no dead end
    case Signature::kBad:
    case Signature::kUnsupported:
      // A CA that was made anew keeps its name: a trusted one with another key identifier is not the issuer at hand.
      if (!not_signer && !(issuer.anchor && has_other_key_id(*path_.back().node, issuer))) not_signer = &issuer;
      return;
  }
  extended = true;
  path_.push_back({&issuer, std::move(findings)});
  fields_.push_back(&*issuer.certificate);
  extend(pass);
  path_.pop_back();
  fields_.pop_back();
}

void PathSearch::extend(Pass pass) {
  Node& top = *path_.back().node;
  if (top.anchor) {
    finish(Trust::kAnchored, judge_path());
    if (path_.size() > 1 || found_) return;
  }
  if (path_.size() >= options_.limits.path_length) {
    exhausted_ = fmt::format("{} certificates in a path", options_.limits.path_length);
    return;
  }
  bool extended = top.anchor;
  bool circle = false;
  const Node* not_signer = nullptr;
  for (Node* issuer : pool_.issuers_of(top, options_.now)) {
    if (!may_go_on(pass)) return;
    if (in_path(*issuer)) {
      circle = circle || issuer != &top;
      continue;
    }
    try_issuer(pass, *issuer, extended, not_signer);
  }
  if (pass == Pass::kExplain && !extended) finish_dead_end(circle, not_signer);
}

void PathSearch::finish_dead_end(bool circle, const Node* not_signer) {
  Node& top = *path_.back().node;
  const x509::CertificateFields& fields = *top.certificate;
  const Role role = role_of(top);
  const std::string_view source = "RFC 5280 section 6.1";
  Findings last = judge_path();
  Judge judge(options_.mode, last);
  const x509::Name* missing = nullptr;
  Trust trust = Trust::kIncomplete;
  if (top.certificate.self_issued() && check_signature(top, top) == Signature::kGood) {
    trust = Trust::kUnknownRoot;
    judge.fatal("CF1302",
                role == Role::kLeaf
                    ? fmt::format("{} is self-signed and not among the trusted ones", described(fields, role))
                    : fmt::format("the root '{}' is not trusted here", fields.subject.label()),
                "if the CA is yours, give its root with --trust or add it to the system's trusted roots", source);
  } else if (not_signer) {
    const bool unsupported = signatures_[{&top, not_signer}] == Signature::kUnsupported;
    judge.fatal(
        unsupported ? "CF1304" : "CF1303",
        fmt::format(fmt::runtime(unsupported ? "the signature of {} cannot be checked with the key of '{}'"
                                             : "{} was not signed with the key of '{}', the name of its issuer"),
                    described(fields, role), not_signer->certificate->subject.label()),
        unsupported ? "use certificates with RSA, ECDSA or Ed25519 keys on common curves"
                    : "get the issuer's certificate again: the one at hand is another one of the same name",
        source);
  } else if (circle) {
    judge.fatal("CF1321",
                fmt::format("the issuers of {} certify each other in a circle that no root is part of",
                            described(fields, role)),
                "give the root with --trust", source);
  } else {
    missing = &fields.issuer;
    judge.fatal("CF1301",
                fmt::format("the issuer '{}' of {} is missing", fields.issuer.text(), described(fields, role)),
                get_issuer_fix(fields), source);
  }
  finish(trust, last, missing);
}

Findings PathSearch::judge_path() {
  Findings findings;
  Judge judge(options_.mode, findings);
  if (const auto problem = policy_problem(fields_)) {
    judge.fatal("CF1350", *problem, "use a certificate from a CA whose policies match", "RFC 5280 section 6.1.5");
  }
  if (!options_.crls.empty()) judge_revocation(judge);
  return findings;
}

void PathSearch::judge_revocation(Judge& judge) {
  for (std::size_t i = 0; i + 1 < path_.size(); ++i) {
    const std::string who = described(*fields_[i], i == 0 ? Role::kLeaf : Role::kIntermediate);
    // The signatures of the lists are checked once for each issuer, however many paths lead through it.
    const auto [known, added] = revocations_.try_emplace({path_[i].node, path_[i + 1].node});
    if (added) known->second = revocation_of(*fields_[i], *fields_[i + 1], options_.crls, options_.now);
    const RevocationStatus& status = known->second;
    const std::string_view source = "RFC 5280 section 6.3";
    switch (status.revocation) {
      case Revocation::kGood: break;
      case Revocation::kRevoked:
        judge.fatal("CF1317", fmt::format("{} is revoked {}", who, status.reason),
                    "get a new certificate, with a new key", source);
        break;
      case Revocation::kUnusable:
        judge.fatal("CF1318", fmt::format("the revocation list for {} cannot be used: {}", who, status.reason),
                    "download the CA's current list", source);
        break;
      case Revocation::kNoList:
        judge.warning("CF1319", fmt::format("no revocation list covers {}", who), "give the list of its issuer as well",
                      source);
        break;
    }
  }
}

void PathSearch::finish(Trust trust, const Findings& last, const x509::Name* missing_issuer) {
  // The findings about the leaf are the same in every path.
  std::size_t cost = fatal_count(last);
  for (std::size_t i = 1; i < path_.size(); ++i) cost += fatal_count(path_[i].findings);
  if (trust == Trust::kAnchored && cost == 0) found_ = true;
  // Among equal candidates the one that gets farther, and to a root.
  cost = cost * 256 +
         (trust == Trust::kAnchored      ? 0
          : trust == Trust::kUnknownRoot ? 64
                                         : 128) +
         (63 - std::min<std::size_t>(path_.size(), 63));
  if (best_ && best_cost_ <= cost) return;
  Verdict verdict;
  verdict.trust = trust;
  verdict.system_anchor = trust == Trust::kAnchored && path_.back().node->system;
  if (missing_issuer) verdict.missing_issuer = *missing_issuer;
  for (const Step& step : path_) {
    verdict.path.push_back(step.node->certificate);
    append(verdict.findings, step.findings);
  }
  append(verdict.findings, last);
  best_ = std::move(verdict);
  best_cost_ = cost;
}

Verdict PathSearch::run(Findings leaf_findings) {
  path_.push_back({pool_.leaf(), std::move(leaf_findings)});
  fields_.push_back(&*pool_.leaf()->certificate);
  extend(Pass::kFind);
  if (!found_) {
    steps_ = 0;
    step_limit_ = std::min(kExplainSteps, options_.limits.steps);
    name_comparisons_ = 4 * options_.limits.name_comparisons;
    extend(Pass::kExplain);
  }
  if (!best_) {
    best_ = Verdict{};
    best_->path.push_back(pool_.leaf()->certificate);
    best_->findings = path_.front().findings;
  }
  if (!found_ && !exhausted_.empty()) {
    Judge judge(options_.mode, best_->findings);
    judge.fatal("CF1315", fmt::format("no path was found before the limit of {} was reached", exhausted_),
                "remove certificates that do not belong to the chain from the file", "RFC 4158 section 2.4.2");
  }
  best_->valid = best_->trust == Trust::kAnchored && !has_fatal(best_->findings);
  best_->signatures_checked = signatures_checked_;
  return std::move(*best_);
}

}  // namespace certferry::chain
