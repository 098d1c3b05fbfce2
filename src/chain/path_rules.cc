#include "chain/path_rules.h"

#include <fmt/format.h>

#include "chain/name_constraints.h"

namespace certferry::chain {
namespace {

using x509::CertificateFields;

bool self_issued(const CertificateFields& fields) { return fields.subject == fields.issuer; }

// Intermediates among `below`, self-issued ones not counted (RFC 5280 section 4.2.1.9).
std::size_t intermediates(std::span<const CertificateFields* const> below) {
  std::size_t count = 0;
  for (std::size_t i = 1; i < below.size(); ++i) count += self_issued(*below[i]) ? 0 : 1;
  return count;
}

void judge_length(std::size_t below, const CertificateFields& issuer, Role role, const PathRules& rules, Judge& judge) {
  const auto& constraints = issuer.basic_constraints;
  if (constraints && constraints->path_length && below > *constraints->path_length) {
    judge.fatal("CF1309",
                fmt::format("{} allows {} intermediates below it, but there are {}", described(issuer, role),
                            *constraints->path_length, below),
                "use a certificate from a CA that may have this CA below it", "RFC 5280 section 4.2.1.9");
  }
  // Told once, at the first intermediate that is too much.
  const bool counts = role == Role::kIntermediate && !self_issued(issuer);
  const std::size_t depth = below + 1;
  if (rules.max_depth && counts && depth == *rules.max_depth + 1) {
    judge.fatal("CF1310",
                fmt::format("{} is intermediate number {} of the path, allowed are {}", described(issuer, role), depth,
                            *rules.max_depth),
                "allow more intermediates, or use a certificate nearer to the root", "RFC 5280 section 6.1.1");
  }
}

void judge_names(std::span<const CertificateFields* const> below, const CertificateFields& issuer, Role role,
                 const PathRules& rules, Judge& judge) {
  const std::string_view source = "RFC 5280 section 4.2.1.10";
  const auto& constraints = issuer.name_constraints;
  if (!constraints) return;
  for (const auto* subtrees : {&constraints->permitted, &constraints->excluded}) {
    for (const auto& subtree : *subtrees) {
      if (judge.mode() != Mode::kWeb) break;
      if (const auto problem = constraint_problem(subtree, judge.mode())) {
        judge.fatal("CF1312",
                    fmt::format("the name constraints of {} cannot be used: {}", described(issuer, role), *problem),
                    "ask the CA to issue its certificate again", source);
        return;
      }
    }
  }
  for (std::size_t i = 0; i < below.size(); ++i) {
    if (i > 0 && self_issued(*below[i])) continue;
    const auto problem = check_names(*constraints, *below[i], judge.mode(), *rules.name_comparisons);
    if (!problem) continue;
    const std::string what =
        fmt::format("the name constraints of {} against {}: {}", described(issuer, role),
                    described(*below[i], i == 0 ? Role::kLeaf : Role::kIntermediate), problem->message);
    switch (problem->kind) {
      case NameProblem::Kind::kViolated:
        judge.fatal("CF1311", what, "get the certificate from a CA that may issue for the name, or leave the name out",
                    source);
        break;
      case NameProblem::Kind::kUnsupported:
        judge.fatal("CF1312", what, "use a certificate without that name, or a CA without that constraint", source);
        break;
      case NameProblem::Kind::kTooMuchWork:
        judge.fatal("CF1315", what, "use a certificate with fewer names", source);
        break;
    }
    return;
  }
}

}  // namespace

void judge_issuer(std::span<const CertificateFields* const> below, const x509::Certificate& issuer, Role role,
                  const PathRules& rules, Judge& judge) {
  judge_length(intermediates(below), *issuer, role, rules, judge);
  judge_names(below, *issuer, role, rules, judge);
}

}  // namespace certferry::chain
