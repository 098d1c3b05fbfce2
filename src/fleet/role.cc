#include "fleet/role.h"

#include <algorithm>

#include "base/ascii.h"

namespace certferry::fleet {

std::span<const StandardRole> standard_roles() {
  static const std::vector<StandardRole> kRoles = {
      {"CsAdministrator",
       "everything, also which computers belong to the fleet",
       {"Get-CsAdminRole", "Get-CsCertificate", "Import-CsCertificate", "Remove-CsCertificate", "Request-CsCertificate",
        "Set-CsCertificate", std::string(kManageComputers)}},
      {"CsServerAdministrator",
       "the certificates of servers",
       {"Get-CsAdminRole", "Get-CsCertificate", "Import-CsCertificate", "Remove-CsCertificate", "Request-CsCertificate",
        "Set-CsCertificate"}},
      {"CsViewOnlyAdministrator", "looks at everything", {"Get-CsAdminRole", "Get-CsCertificate"}},
      {"CsHelpDesk", "looks at certificates", {"Get-CsCertificate"}},
  };
  return kRoles;
}

const StandardRole* find_standard_role(std::string_view name) {
  const auto roles = standard_roles();
  const auto found =
      std::ranges::find_if(roles, [&](const StandardRole& role) { return equal_ignoring_case(role.name, name); });
  return found == roles.end() ? nullptr : &*found;
}

bool matches_wildcard(std::string_view pattern, std::string_view name) {
  // Where the last star was, and how much of the name it has taken: one step back is enough.
  std::size_t p = 0, n = 0, star = std::string_view::npos, taken = 0;
  while (n < name.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || ascii_lower(pattern[p]) == ascii_lower(name[n]))) {
      ++p;
      ++n;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++taken;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

}  // namespace certferry::fleet
