#include "chain/order.h"

#include <fmt/format.h>

#include <algorithm>

#include "chain/judge.h"

namespace certferry::chain {
namespace {

using Certificates = std::vector<x509::Certificate>;

bool contains(std::span<const x509::Certificate> list, const x509::Certificate& certificate) {
  return std::ranges::find(list, certificate) != list.end();
}

bool self_signed(const x509::Certificate& certificate, SignatureCache* cache) {
  if (!certificate.self_issued()) return false;
  if (!cache) return certificate.self_signed();
  const x509::CertificateFields& fields = *certificate;
  auto status = cache->find(fields, fields);
  if (!status) {
    status = fields.public_key.verify(fields.signature_algorithm, fields.tbs, fields.signature);
    cache->put(fields, fields, *status);
  }
  return *status == x509::SignatureStatus::kGood;
}

// The best path through `pool`, its self-signed certificates taken as roots.
Verdict best_path(const x509::Certificate& leaf, std::span<const x509::Certificate> pool, Time now,
                  SignatureCache* cache) {
  Certificates roots;
  for (const auto& certificate : pool) {
    if (certificate != leaf && self_signed(certificate, cache)) roots.push_back(certificate);
  }
  Options options;
  options.now = now;
  options.cache = cache;
  return verify(leaf, pool, {roots, nullptr}, options);
}

std::string listed(const Certificates& certificates) {
  std::string text;
  for (std::size_t i = 0; i < certificates.size() && i < 5; ++i) {
    text += fmt::format("{}'{}'", i ? ", " : "", certificates[i]->subject.label());
  }
  if (certificates.size() > 5) text += fmt::format(" and {} more", certificates.size() - 5);
  return text;
}

void explain(Ordered& ordered, bool root_in_file) {
  const auto info = [&](std::string_view id, std::string message) {
    ordered.findings.push_back({std::string(id), Severity::kInfo, std::move(message), "", "RFC 8446 section 4.4.2"});
  };
  if (!ordered.left_out.empty()) {
    info("CF1360", "not part of the chain and left out: " + listed(ordered.left_out));
  }
  if (root_in_file) {
    info("CF1361", fmt::format("the root '{}' is in the file; it is not sent to clients, which have their own copy",
                               (*ordered.root)->subject.label()));
  }
  if (!ordered.added.empty())
    info("CF1362", "missing in the file and added from what is stored: " + listed(ordered.added));
}

}  // namespace

Ordered order(const x509::Certificate& leaf, std::span<const x509::Certificate> others,
              std::span<const x509::Certificate> stored, Time now, SignatureCache* cache) {
  Verdict verdict = best_path(leaf, others, now, cache);
  if (verdict.trust == Trust::kIncomplete && !stored.empty()) {
    Certificates all(others.begin(), others.end());
    all.insert(all.end(), stored.begin(), stored.end());
    Verdict with_stored = best_path(leaf, all, now, cache);
    const bool better = with_stored.trust != Trust::kIncomplete || with_stored.path.size() > verdict.path.size();
    if (better) verdict = std::move(with_stored);
  }
  Ordered ordered;
  ordered.chain = std::move(verdict.path);
  ordered.complete = verdict.trust != Trust::kIncomplete;
  if (ordered.chain.size() > 1 && ordered.complete) {
    ordered.root = ordered.chain.back();
    ordered.chain.pop_back();
  }
  for (const auto& certificate : ordered.chain) {
    if (certificate != leaf && !contains(others, certificate)) ordered.added.push_back(certificate);
  }
  for (const auto& certificate : others) {
    const bool used =
        contains(ordered.chain, certificate) || certificate == leaf || (ordered.root && certificate == *ordered.root);
    if (!used && !contains(ordered.left_out, certificate)) ordered.left_out.push_back(certificate);
  }
  explain(ordered, ordered.root && contains(others, *ordered.root));
  return ordered;
}

}  // namespace certferry::chain
