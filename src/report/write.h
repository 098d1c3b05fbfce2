// Puts a report where -Report says.
#pragma once

#include <string>

#include "base/file.h"
#include "base/result.h"
#include "report/document.h"

namespace certferry::report {

// HTML at `path`, the same facts as JSON beside it ("x.html" → "x.json", else `path` + ".json"). A file that is there is
// replaced whole; mode 0640: reports tell about the infrastructure. Into a device, a pipe or "/dev/stdout" goes the HTML
// alone. CF1801 where one cannot be written.
[[nodiscard]] Result<> write_report(FileSystem& files, const std::string& path, const Document& document);

}  // namespace certferry::report
