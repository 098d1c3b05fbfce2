// Values of fleet/ as the store keeps them: JSON objects with "schema":1 (docs/formats/config.md tells of the config).
// Writing and reading again gives an equal value. Reading refuses with CF1916 what is malformed or has unknown fields,
// with CF1917 another schema: a newer certferry wrote it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "fleet/assignment.h"
#include "fleet/topology.h"
#include "fleet/type.h"

namespace certferry::fleet {

[[nodiscard]] std::string to_json(const Assignment& assignment);
[[nodiscard]] Result<Assignment> assignment_from_json(std::string_view json);

[[nodiscard]] std::string to_json(const Computer& computer);
[[nodiscard]] Result<Computer> computer_from_json(std::string_view json);

[[nodiscard]] std::string to_json(const Type& type);
[[nodiscard]] Result<Type> type_from_json(std::string_view json);

}  // namespace certferry::fleet
