// What a CA's certificate does to the certificates below it in a path: length, names, depth.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "chain/judge.h"
#include "x509/certificate.h"

namespace certferry::chain {

struct PathRules {
  std::optional<std::size_t> max_depth;
  std::size_t* name_comparisons;  // what is left of the limit; not null
};

// `below` runs from the leaf up to the certificate that `issuer` issued.
void judge_issuer(std::span<const x509::CertificateFields* const> below, const x509::Certificate& issuer, Role role,
                  const PathRules& rules, Judge& judge);

}  // namespace certferry::chain
