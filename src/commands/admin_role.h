// Get-CsAdminRole, and `certferry role`: who may do what in the fleet.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "commands/environment.h"
#include "commands/home.h"
#include "commands/outcome.h"

namespace certferry::commands {

struct AdminRoleOptions {
  std::string identity;  // empty: all
  std::string filter;    // wildcards; empty: all
  std::string sid;       // empty: all
};

// The standard roles, and in a fleet those that its root delegated to. JSON as docs/formats/admin-role.md says. CF1777
// where `identity` names none.
[[nodiscard]] Outcome show_admin_roles(Environment& environment, Home& home, const AdminRoleOptions& options);

struct RoleOptions {
  std::string name;
  std::optional<std::string> role_template;  // a standard role's name
  std::vector<std::string> scopes;           // none: as they are, Global for a new one
  std::optional<std::string> types;          // separated by commas; empty: all; nothing: as they are
  std::string output;                        // of a new one: where its key is written
};
enum class RoleChange { kNew, kSet, kRemove };

// By the fleet's root. The standard roles cannot be changed (CF1778), nor one made twice (CF1779); CF1777 where there is
// none of that name, CF1792 where a word is missing.
[[nodiscard]] Outcome change_role(Environment& environment, Home& home, RoleChange change, const RoleOptions& options);

}  // namespace certferry::commands
