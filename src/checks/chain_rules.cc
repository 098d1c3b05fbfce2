#include <fmt/format.h>

#include <algorithm>

#include "checks/rules.h"

namespace certferry::checks {

void chain_complete(const Context& context, Reporter& report) {
  if (!context.chain_result || context.chain_result->complete) return;
  const std::string& missing = context.chain_result->missing_issuer;
  report.add(context.require_complete_chain ? Severity::kFatal : Severity::kWarning,
             missing.empty() ? std::string("the chain does not lead up to a root")
                             : fmt::format("the certificate of the issuer is missing: {}", missing));
}

void root_included(const Context& context, Reporter& report) {
  if (context.leaf.self_signed()) return;
  for (const x509::Certificate& certificate : context.chain) {
    if (certificate.self_signed()) {
      report.add(
          fmt::format("the file includes the root {}, which servers need not send", certificate->subject.label()));
    }
  }
}

void anchor_known(const Context& context, Reporter& report) {
  if (!context.chain_result || !context.chain_result->complete || context.chain_result->anchor_known) return;
  const std::string& anchor = context.chain_result->anchor;
  report.add(context.require_trust ? Severity::kFatal : Severity::kWarning,
             anchor.empty() ? std::string("the chain ends at a root that this computer does not trust")
                            : fmt::format("the chain ends at {}, which this computer does not trust", anchor));
}

void intermediates_added(const Context& context, Reporter& report) {
  if (context.chain_result && context.chain_result->completed_by_us) {
    report.add("the file lacks intermediate certificates; the chain was completed from those that are stored here");
  }
}

}  // namespace certferry::checks
