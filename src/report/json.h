// A document for programs (docs/formats/report.md).
#pragma once

#include <string>

#include "report/document.h"

namespace certferry::report {

// One object with "schema":1, indented, ASCII only.
[[nodiscard]] std::string to_json(const Document& document);

}  // namespace certferry::report
