// DNS names as the rules about names look at them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "x509/certificate.h"

namespace certferry::checks {

// The dNSName entries of the subjectAltName, octets as they are.
[[nodiscard]] std::vector<std::string> dns_names(const x509::Certificate& certificate);
// "a.b.c" → a, b, c; empty labels are kept.
[[nodiscard]] std::vector<std::string> labels_of(std::string_view name);
// What keeps a dNSName from being one (RFC 5280 section 4.2.1.6, RFC 1034 section 3.5), wildcards and characters beyond
// ASCII aside; empty where nothing does.
[[nodiscard]] std::string dns_problem(std::string_view name);

}  // namespace certferry::checks
