// `certferry links DIR`: makes the names under which the program speaks the cmdlet dialect.
#pragma once

#include <string>
#include <vector>

#include "commands/environment.h"
#include "commands/outcome.h"

namespace certferry::commands {

// `names`: of the cmdlets; `program`: absolute path of the executable. A link that is there already is left alone;
// anything else of that name is CF1790.
[[nodiscard]] Outcome make_links(Environment& environment, const std::string& folder, const std::string& program,
                                 const std::vector<std::string>& names);

}  // namespace certferry::commands
