// The tables of a document as comma-separated values.
#pragma once

#include <string>

#include "report/document.h"

namespace certferry::report {

// RFC 4180: a line of column names, then the rows; every cell quoted, cells that a spreadsheet would run as a formula
// begin with an apostrophe (base/escape.h). An empty line between two tables; nothing where there is none.
[[nodiscard]] std::string to_csv(const Document& document);

}  // namespace certferry::report
