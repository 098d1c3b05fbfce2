// Roles of remote administration: what each may run. The standard ones are templates and cannot be changed.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace certferry::fleet {

// What a role may be allowed besides cmdlets: enrolling, approving, moving and removing computers.
inline constexpr std::string_view kManageComputers = "certferry computer";

struct StandardRole {
  std::string_view name;  // "CsAdministrator"
  std::string_view description;
  std::vector<std::string> cmdlets;
};

// In the order in which they are shown.
[[nodiscard]] std::span<const StandardRole> standard_roles();
// Whatever its case; null where there is none.
[[nodiscard]] const StandardRole* find_standard_role(std::string_view name);

// Whether `name` fits a pattern with * and ?, in any case.
[[nodiscard]] bool matches_wildcard(std::string_view pattern, std::string_view name);

}  // namespace certferry::fleet
