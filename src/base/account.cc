#include "base/account.h"

#include <grp.h>
#include <pwd.h>

#include <algorithm>

namespace certferry {
namespace {

constexpr std::size_t kEntry = 16384;  // octets that the entry of an account or a group may take

Account account_of(const passwd& entry) {
  Account account{entry.pw_name, entry.pw_uid, entry.pw_gid, {}, entry.pw_dir};
  int count = 64;
  std::vector<gid_t> groups(count);
  if (::getgrouplist(entry.pw_name, entry.pw_gid, groups.data(), &count) < 0) {
    groups.resize(count);
    ::getgrouplist(entry.pw_name, entry.pw_gid, groups.data(), &count);
  }
  account.groups.assign(groups.begin(), groups.begin() + count);
  std::ranges::sort(account.groups);
  return account;
}

}  // namespace

std::optional<Account> find_account(const std::string& name) {
  passwd entry;
  passwd* found = nullptr;
  std::string buffer(kEntry, '\0');
  if (::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || !found) return std::nullopt;
  return account_of(*found);
}

std::optional<Account> find_account(unsigned uid) {
  passwd entry;
  passwd* found = nullptr;
  std::string buffer(kEntry, '\0');
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || !found) return std::nullopt;
  return account_of(*found);
}

std::optional<unsigned> find_group(const std::string& name) {
  group entry;
  group* found = nullptr;
  std::string buffer(kEntry, '\0');
  if (::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || !found) return std::nullopt;
  return found->gr_gid;
}

}  // namespace certferry
