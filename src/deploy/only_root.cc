#include "deploy/only_root.h"

namespace certferry::deploy {

Result<> only_root_changes(FileSystem& files, const std::string& path, unsigned owner) {
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files.status(path));
  if (!status || status->kind == FileKind::kSymlink || (status->owner != owner && status->owner != 0) ||
      (status->mode & 022) != 0) {
    return fail(ErrorKind::kNotPermitted, "CF1645", path + " can be changed by others, and decides what is run",
                "make it root's, no link, and writable for nobody else: chown root, chmod go-w");
  }
  return {};
}

}  // namespace certferry::deploy
