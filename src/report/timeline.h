// The validity of a chain as a picture: one bar a certificate, with today marked.
#pragma once

#include <string>
#include <vector>

#include "report/document.h"

namespace certferry::report {

// An SVG element with title and description; empty without certificates.
[[nodiscard]] std::string timeline_svg(const std::vector<CertificateFacts>& certificates, Time now);

}  // namespace certferry::report
