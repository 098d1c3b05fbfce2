#include <fmt/format.h>

#include <algorithm>

#include "checks/rules.h"

namespace certferry::checks {

void already_stored(const Context& context, Reporter& report) {
  std::string sha256 = context.leaf.sha256_hex();
  bool stored =
      std::ranges::any_of(context.stored, [&](const StoredCertificate& each) { return each.sha256 == sha256; });
  if (stored) report.add("the certificate is stored already");
}

void key_reused(const Context& context, Reporter& report) {
  std::string sha256 = context.leaf.sha256_hex();
  for (const StoredCertificate& each : context.stored) {
    if (each.sha256 == sha256 || !equal(each.spki, context.leaf->public_key.spki())) continue;
    report.add(fmt::format("its key is that of the stored certificate {} ({})", each.thumbprint, each.subject));
  }
}

void serial_reused(const Context& context, Reporter& report) {
  std::string sha256 = context.leaf.sha256_hex();
  for (const StoredCertificate& each : context.stored) {
    if (each.sha256 == sha256 || each.serial != context.leaf->serial ||
        each.issuer != context.leaf->issuer.canonical()) {
      continue;
    }
    report.add(fmt::format("the stored certificate {} ({}) has the same issuer and serial number {}", each.thumbprint,
                           each.subject, context.leaf.serial_hex()));
  }
}

}  // namespace certferry::checks
