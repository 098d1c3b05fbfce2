// Accounts and groups of this computer, by name.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace certferry {

struct Account {
  std::string name;
  unsigned uid = 0;
  unsigned gid = 0;
  std::vector<unsigned> groups;  // all it is a member of, `gid` too; sorted
  std::string home;

  bool operator==(const Account&) const = default;
};

// Nothing where there is none, or the directory that knows it cannot be asked.
[[nodiscard]] std::optional<Account> find_account(const std::string& name);
[[nodiscard]] std::optional<Account> find_account(unsigned uid);
// The gid.
[[nodiscard]] std::optional<unsigned> find_group(const std::string& name);

}  // namespace certferry
