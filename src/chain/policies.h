// Certificate policies (RFC 5280 sections 4.2.1.4, 4.2.1.5, 4.2.1.11, 4.2.1.14 and 6.1).
#pragma once

#include <optional>
#include <span>
#include <string>

#include "x509/certificate.h"

namespace certferry::chain {

// `path` runs from the leaf to the anchor, whose own policies do not count. Every policy is acceptable to the caller
// (the initial set is any-policy); what is wrong where a CA of the path asks for an explicit policy
// (requireExplicitPolicy) and none is valid throughout, or where the extensions cannot be read.
[[nodiscard]] std::optional<std::string> policy_problem(std::span<const x509::CertificateFields* const> path);

}  // namespace certferry::chain
