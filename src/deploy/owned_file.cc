#include "deploy/owned_file.h"

#include <unistd.h>

#include "base/account.h"

namespace certferry::deploy {

Result<std::optional<Owner>> owner_of(const BoundFile& file) {
  if (::geteuid() != 0) return std::optional<Owner>();
  const std::optional<Account> account = find_account(file.owner);
  const std::optional<unsigned> group = find_group(file.group);
  if (account && group) return std::optional<Owner>({account->uid, *group});
  return fail(ErrorKind::kFailed, "CF1661",
              "this computer has no " + (account ? "group " + file.group : "account " + file.owner) +
                  ", which shall own " + file.path,
              "install the service, or correct the binding");
}

Result<> put_file(FileSystem& files, const std::string& path, const Secret& content, unsigned mode,
                  const std::optional<Owner>& owner) {
  const std::string temporary = path + ".certferry-new";
  const auto write = [&]() -> Result<> {
    CERTFERRY_TRY(files.remove(temporary));
    CERTFERRY_TRY(files.write_new(temporary, content.view(), 0600));
    if (owner) CERTFERRY_TRY(files.set_owner(temporary, owner->uid, owner->gid));
    CERTFERRY_TRY(files.set_mode(temporary, mode));
    CERTFERRY_TRY(files.sync(temporary));
    CERTFERRY_TRY(files.rename(temporary, path));
    return files.sync(parent_of(path));
  };
  Result<> written = write();
  if (!written) static_cast<void>(files.remove(temporary));
  return written;
}

}  // namespace certferry::deploy
