#include "chain/verify.h"

#include <fmt/format.h>

#include <algorithm>

#include "chain/certificate_rules.h"
#include "chain/path_search.h"
#include "chain/pool.h"

namespace certferry::chain {
namespace {

void judge_asked_names(const x509::Certificate& certificate, const Options& options, Judge& judge) {
  for (const Reference& name : options.names) {
    if (matches(*certificate, name, options.mode)) continue;
    std::string has;
    for (const std::string& own : certificate.names()) {
      if (has.size() > 200) {
        has += ", …";
        break;
      }
      has += (has.empty() ? "" : ", ") + own;
    }
    judge.fatal("CF1316",
                fmt::format("the certificate is not for {}; it is for {}", name.text, has.empty() ? "no name" : has),
                "get a certificate that has the name as subjectAltName", "RFC 9525 section 6");
  }
}

}  // namespace

bool Verdict::sound_but_for_trust() const {
  return std::ranges::none_of(findings, [](const Finding& finding) {
    return finding.severity == Severity::kFatal && finding.id != "CF1301" && finding.id != "CF1302";
  });
}

Verdict verify(const x509::Certificate& certificate, std::span<const x509::Certificate> untrusted,
               const Anchors& anchors, const Options& options) {
  Findings leaf_findings;
  Judge judge(options.mode, leaf_findings);
  judge_certificate(certificate, Role::kLeaf, {options.now, options.purpose}, judge);
  judge_asked_names(certificate, options, judge);
  Pool pool(certificate, untrusted, anchors);
  return PathSearch(pool, options).run(std::move(leaf_findings));
}

}  // namespace certferry::chain
