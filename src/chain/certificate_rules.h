// What a certificate has to be like in its place of a path, seen for itself: RFC 5280 section 4 and the CA/B Forum's
// Baseline Requirements (version 2). What it does to the certificates below it is in path_rules.h.
#pragma once

#include <optional>
#include <string>

#include "chain/judge.h"
#include "x509/certificate.h"

namespace certferry::chain {

struct CertificateRules {
  Time now{};
  // Content octets of the usage wanted; empty for any.
  x509::Oid purpose;
};

// Dates, version, serial number, names, extensions, key and signature algorithm. In kTolerant an anchor is held to
// little more than its dates: it is trusted as it is.
void judge_certificate(const x509::Certificate& certificate, Role role, const CertificateRules& rules, Judge& judge);

}  // namespace certferry::chain
