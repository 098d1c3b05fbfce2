// A document as one self-contained page: no scripts, nothing is loaded from elsewhere, light and dark, printable.
#pragma once

#include <string>

#include "report/document.h"

namespace certferry::report {

[[nodiscard]] std::string to_html(const Document& document);

}  // namespace certferry::report
