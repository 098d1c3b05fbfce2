#include <fmt/format.h>

#include <algorithm>

#include "checks/rules.h"

namespace certferry::checks {
namespace {

using std::chrono::days;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year;

// When the certificate begins to be used.
Time used_from(const Context& context) { return std::max(context.now, context.effective.value_or(context.now)); }

// Both ends belong to the validity, so that 00:00:00 to 23:59:59 is one day (CA/B Forum BR 1.6.1).
seconds lifetime(const x509::Certificate& certificate) {
  return certificate->not_after - certificate->not_before + seconds(1);
}

std::int64_t whole_days(seconds duration) { return std::chrono::floor<days>(duration).count(); }

struct Limit {
  Time issued_from;
  int most_days;
};

// CA/B Forum BR 6.3.2 with ballots 193, SC-31 (as browsers enforce it) and SC-081v3.
constexpr Limit kPublicLimits[] = {
    {sys_days(year(2029) / 3 / 15), 47}, {sys_days(year(2027) / 3 / 15), 100}, {sys_days(year(2026) / 3 / 15), 200},
    {sys_days(year(2020) / 9 / 1), 398}, {sys_days(year(2018) / 3 / 1), 825},
};

bool tls_server(const Context& context) {
  return std::ranges::any_of(context.types,
                             [](const fleet::Type& type) { return type.purpose == fleet::Purpose::kTlsServer; });
}

}  // namespace

void expired(const Context& context, Reporter& report) {
  const auto& leaf = context.leaf;
  if (context.now <= leaf->not_after || leaf->not_after < leaf->not_before) return;
  std::int64_t ago = whole_days(context.now - leaf->not_after);
  report.add(fmt::format("the certificate expired at {}, {}", rfc3339(leaf->not_after),
                         ago == 0 ? "less than a day ago" : fmt::format("{} days ago", ago)));
}

void not_yet_valid(const Context& context, Reporter& report) {
  const auto& leaf = context.leaf;
  if (context.now >= leaf->not_before || (context.effective && *context.effective >= leaf->not_before)) return;
  // A certificate that is stored only can wait; one that is to be used now cannot.
  report.add(context.types.empty() ? Severity::kWarning : Severity::kFatal,
             fmt::format("the certificate is not valid before {}", rfc3339(leaf->not_before)));
}

void effective_date(const Context& context, Reporter& report) {
  if (!context.effective) return;
  const auto& leaf = context.leaf;
  if (*context.effective >= leaf->not_before && *context.effective <= leaf->not_after) return;
  report.add(
      Severity::kFatal,
      fmt::format("the effective date {} is {}", rfc3339(*context.effective),
                  *context.effective < leaf->not_before
                      ? "before the certificate is valid, at " + rfc3339(leaf->not_before)
                      : "after the certificate has expired, at " + rfc3339(leaf->not_after)),
      fmt::format("choose an effective date from {} to {}", rfc3339(leaf->not_before), rfc3339(leaf->not_after)));
}

void lifetime_left(const Context& context, Reporter& report) {
  const auto& leaf = context.leaf;
  Time from = used_from(context);
  if (from < leaf->not_before || from > leaf->not_after) return;
  seconds left = leaf->not_after - from + seconds(1);
  double fraction = static_cast<double>(left.count()) / static_cast<double>(lifetime(leaf).count());
  if (fraction >= context.warn_lifetime_left) return;
  report.add(fmt::format("{} of {} days are left ({:.0f} %), it expires at {}", whole_days(left),
                         whole_days(lifetime(leaf)), fraction * 100, rfc3339(leaf->not_after)));
}

void reversed_validity(const Context& context, Reporter& report) {
  const auto& leaf = context.leaf;
  if (leaf->not_after >= leaf->not_before) return;
  report.add(fmt::format("the certificate is valid from {} to {}, which is never", rfc3339(leaf->not_before),
                         rfc3339(leaf->not_after)));
}

void lifetime_of_public_ca(const Context& context, Reporter& report) {
  if (!context.chain_result || !context.chain_result->public_anchor) return;
  const auto& leaf = context.leaf;
  for (const Limit& limit : kPublicLimits) {
    if (leaf->not_before < limit.issued_from) continue;
    if (lifetime(leaf) > days(limit.most_days)) {
      report.add(fmt::format("the certificate lives {} days, public CAs may issue {} since {}",
                             whole_days(lifetime(leaf)), limit.most_days, rfc3339(limit.issued_from).substr(0, 10)));
    }
    return;
  }
}

void lifetime_for_clients(const Context& context, Reporter& report) {
  const auto& leaf = context.leaf;
  bool public_anchor = context.chain_result && context.chain_result->public_anchor;
  if (public_anchor || !tls_server(context) || leaf->not_before < Time(sys_days(year(2019) / 7 / 1))) return;
  if (lifetime(leaf) > days(825)) {
    report.add(
        fmt::format("the certificate lives {} days: Apple's systems refuse more than 825", whole_days(lifetime(leaf))));
  }
}

void chain_expires_first(const Context& context, Reporter& report) {
  for (const x509::Certificate& certificate : context.chain) {
    if (certificate->not_after >= context.leaf->not_after) continue;
    bool already = certificate->not_after < context.now;
    report.add(fmt::format("{} {} at {}, the certificate at {}", certificate->subject.label(),
                           already ? "has expired" : "expires", rfc3339(certificate->not_after),
                           rfc3339(context.leaf->not_after)));
  }
}

}  // namespace certferry::checks
