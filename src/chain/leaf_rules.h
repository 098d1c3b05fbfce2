// What only the certificate at the end of a path is held to: its names and what it may be used for.
#pragma once

#include "chain/certificate_rules.h"

namespace certferry::chain {

void judge_leaf(const x509::Certificate& certificate, const CertificateRules& rules, Judge& judge);

}  // namespace certferry::chain
