#include "base/file_error.h"

#include <cerrno>
#include <cstring>

namespace certferry {
namespace {

std::unexpected<Error> system_error(std::string_view id, std::string_view verb, const std::string& path, int error) {
  const bool denied = error == EACCES || error == EPERM;
  std::string fix = "look at the path and its permissions";
  if (error == ENOSPC || error == EDQUOT) fix = "make room on that file system, then run the command again";
  if (error == EROFS) fix = "mount the file system for writing, or choose another path";
  if (error == EIO) fix = "the disk reports an error: look at the kernel's log before you go on";
  if (error == ENOENT) fix = "check the spelling of the path";
  if (denied) fix = "run the command as an account that may do that, or change the permissions";
  return fail(denied ? ErrorKind::kNotPermitted : ErrorKind::kFailed, error == ENOENT && id == "CF1110" ? "CF1114" : id,
              "cannot " + std::string(verb) + " " + path + ": " + std::strerror(error), std::move(fix));
}

}  // namespace

std::unexpected<Error> cannot_read(const std::string& path, int error) {
  return system_error("CF1110", "read", path, error);
}

std::unexpected<Error> cannot_write(const std::string& path, int error) {
  return system_error("CF1111", "write", path, error);
}

}  // namespace certferry
