// x509-limbo (Trail of Bits) with bettertls (Netflix): every case by verify() in kWeb. docs/limbo.md tells the results.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <unordered_map>

#include "chain/testing/limbo.h"
#include "chain/verify.h"

namespace certferry::chain {
namespace {

using testing::LimboCase;

// For the cases that name no time: after the cases were made, so that "now" is never read.
constexpr std::string_view kAnyTime = "2026-11-23T00:00:00Z";

// Cases that are decided otherwise, and why. Where RFC 5280 and the Baseline Requirements differ, limbo holds one case
// for each, whose certificates do not differ in anything that could be seen: one of the two must be missed, and the
// stricter rule is the one that is kept.
const std::map<std::string, std::string> kDisagreements = {
    {"rfc5280::eku::ee-without-eku", "contradicts webpki::eku::ee-without-eku, which is rejected"},
    {"rfc5280::ca-as-leaf", "contradicts webpki::ca-as-leaf, which is rejected"},
    {"pathlen::validation-ignores-pathlen-in-leaf",
     "the leaf is a CA without extended key usage, as in webpki::ca-as-leaf"},
    {"webpki::nc::permitted-dns-match-noncritical",
     "contradicts rfc5280::nc::permitted-dns-match-noncritical, which is rejected"},
};

class Certificates {
 public:
  // Nothing where the certificate cannot be read, which rejects the case.
  std::optional<x509::Certificate> read(const std::string& pem) {
    const auto [it, added] = parsed_.try_emplace(pem);
    if (added) it->second = parse(pem);
    return it->second;
  }

 private:
  static std::optional<x509::Certificate> parse(const std::string& pem) {
    const auto begin = pem.find('\n');
    const auto end = pem.find("-----END");
    const auto der = from_base64(std::string_view(pem).substr(begin, end - begin));
    auto certificate = der ? x509::Certificate::from_der(*der) : std::unexpected(Error{});
    return certificate ? std::optional(*certificate) : std::nullopt;
  }
  std::unordered_map<std::string, std::optional<x509::Certificate>> parsed_;
};

struct Outcome {
  bool valid = false;
  std::string why;
};

std::optional<Reference> reference(const testing::LimboName& name) {
  return name.kind == "RFC822" ? Reference::email(name.value) : Reference::from_text(name.value);
}

Outcome run(const LimboCase& limbo, Certificates& certificates, SignatureCache& cache) {
  std::vector<x509::Certificate> trusted;
  std::vector<x509::Certificate> untrusted;
  for (const auto& pem : limbo.trusted) {
    if (const auto certificate = certificates.read(pem)) trusted.push_back(*certificate);
  }
  for (const auto& pem : limbo.untrusted) {
    if (const auto certificate = certificates.read(pem)) untrusted.push_back(*certificate);
  }
  const auto leaf = certificates.read(limbo.leaf);
  if (!leaf) return {false, "the leaf cannot be read"};
  std::vector<Crl> crls;
  for (const auto& pem : limbo.crls) {
    auto read = Crl::read_all(as_bytes(pem));
    if (!read) return {false, read.error().message};
    crls.insert(crls.end(), read->begin(), read->end());
  }
  Options options;
  options.now = *from_rfc3339(limbo.time.empty() ? kAnyTime : limbo.time);
  options.purpose = limbo.kind == "CLIENT" ? x509::oid::kClientAuth : x509::oid::kServerAuth;
  options.mode = Mode::kWeb;
  options.max_depth = limbo.max_depth;
  options.crls = crls;
  options.cache = &cache;
  for (const auto& name : limbo.names) {
    const auto wanted = reference(name);
    if (!wanted) return {false, "cannot ask for the name " + name.value};
    options.names.push_back(*wanted);
  }
  const Verdict verdict = verify(*leaf, untrusted, {trusted, nullptr}, options);
  Outcome outcome{verdict.valid, {}};
  for (const Finding& finding : verdict.findings) {
    if (finding.severity == Severity::kFatal) outcome.why += "\n      " + finding.id + ": " + finding.message;
  }
  return outcome;
}

struct Count {
  int agree = 0;
  int wrongly_accepted = 0;
  int wrongly_rejected = 0;
};

struct Results {
  std::map<std::string, Count> classes;
  std::set<std::string> disagreements;
  std::string details;
};

// "rfc5280::nc::permitted-…" → "rfc5280::nc"; "pathlen::…" → "pathlen".
std::string class_of(const std::string& id) { return id.substr(0, id.rfind("::")); }

std::optional<Results> run_file(const std::string& name) {
  Results results;
  Certificates certificates;
  SignatureCache cache;
  const bool found = testing::for_each_limbo_case(testing::corpus_folder() + "/" + name, [&](const LimboCase& limbo) {
    const Outcome outcome = run(limbo, certificates, cache);
    Count& count = results.classes[class_of(limbo.id)];
    if (outcome.valid == (limbo.expected == "SUCCESS")) {
      ++count.agree;
      return;
    }
    ++(outcome.valid ? count.wrongly_accepted : count.wrongly_rejected);
    results.disagreements.insert(limbo.id);
    const auto reason = kDisagreements.find(limbo.id);
    results.details += "   " + limbo.id + (outcome.valid ? ": wrongly accepted" : ": wrongly rejected") +
                       (reason == kDisagreements.end() ? "" : " (" + reason->second + ")") + outcome.why + "\n";
  });
  if (!found) {
    // Elsewhere than on the project's own machines the corpus may be missing: said loudly, never passed over.
    if (std::getenv("CI"))
      ADD_FAILURE() << name << " is missing in " << testing::corpus_folder() << " (CERTFERRY_CORPUS)";
    std::fprintf(stderr, "*** NOT RUN: x509-limbo, because %s is missing in %s (CERTFERRY_CORPUS)\n", name.c_str(),
                 testing::corpus_folder().c_str());
    return std::nullopt;
  }
  std::printf("%-28s %6s %9s %9s\n", name.c_str(), "agree", "wr.accept", "wr.reject");
  for (const auto& [group, count] : results.classes) {
    std::printf("  %-26s %6d %9d %9d\n", group.c_str(), count.agree, count.wrongly_accepted, count.wrongly_rejected);
  }
  std::printf("%s", results.details.c_str());
  return results;
}

Count total(const Results& results, std::string_view prefix = "") {
  Count sum;
  for (const auto& [group, count] : results.classes) {
    if (!group.starts_with(prefix)) continue;
    sum.agree += count.agree;
    sum.wrongly_accepted += count.wrongly_accepted;
    sum.wrongly_rejected += count.wrongly_rejected;
  }
  return sum;
}

TEST(Limbo, CoreDisagreesOnlyWhereRfcAndBaselineRequirementsContradict) {
  const auto results = run_file("limbo-core.json");
  if (!results) return;
  std::set<std::string> expected;
  for (const auto& [id, reason] : kDisagreements) expected.insert(id);
  EXPECT_EQ(results->disagreements, expected);
  const Count all = total(*results);
  const Count crl = total(*results, "crl");
  EXPECT_EQ(crl.agree, 8);
  EXPECT_EQ(all.agree - crl.agree, 196);
  EXPECT_EQ(all.wrongly_accepted, 0);
}

TEST(Limbo, BettertlsAgreesThroughout) {
  const auto results = run_file("limbo-bettertls.json.xz");
  if (!results) return;
  EXPECT_EQ(total(*results, "bettertls::nameconstraints").agree, 9491);
  EXPECT_EQ(total(*results, "bettertls::pathbuilding").agree, 81);
  EXPECT_THAT(results->disagreements, ::testing::IsEmpty());
}

}  // namespace
}  // namespace certferry::chain
