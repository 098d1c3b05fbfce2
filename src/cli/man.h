// Manual pages in roff, made from the table.
#pragma once

#include <string>
#include <string_view>

#include "cli/parameters.h"

namespace certferry::cli {

// certferry(1): the overview.
[[nodiscard]] std::string man_overview(std::string_view version);
// certferry-import(1) or Import-CsCertificate(1).
[[nodiscard]] std::string man_page(const Command& command, Dialect dialect, std::string_view version);

}  // namespace certferry::cli
