#include "deploy/published_file.h"

#include <unistd.h>

#include "deploy/owned_file.h"

namespace certferry::deploy {
namespace {

constexpr std::size_t kLargest = 4 * 1024 * 1024;
constexpr unsigned kFolderMode = 0755;

std::optional<Owner> owner_in(const FileStatus& status) {
  return ::geteuid() == 0 ? std::optional<Owner>({status.owner, status.group}) : std::nullopt;
}

}  // namespace

PublishedFile::PublishedFile(FileSystem& files, const Binding& binding, const BindingPlace& place, std::size_t index)
    : files_(files),
      file_(binding.files[index]),
      home_(place.home),
      path_(place.expand(file_.path)),
      folder_(place.generations()),
      mark_(folder_ + "/published-" + std::to_string(index)),
      before_(mark_ + ".before") {}

Result<bool> PublishedFile::holds(const std::string& text) const {
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files_.status(path_));
  if (!status || status->kind != FileKind::kFile || status->mode != file_.mode) return false;
  CERTFERRY_ASSIGN(const std::optional<Owner> owner, owner_of(file_));
  if (owner && (owner->uid != status->owner || owner->gid != status->group)) return false;
  CERTFERRY_ASSIGN(const Secret held, files_.read(path_, kLargest));
  return held.text() == text;
}

Result<> PublishedFile::keep_what_was() {
  CERTFERRY_ASSIGN(const std::optional<FileStatus> ours, files_.status(mark_));
  if (ours) return {};
  CERTFERRY_TRY(make_folders(files_, folder_, kFolderMode));
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files_.status(path_));
  if (status && status->kind != FileKind::kFile)
    return fail(ErrorKind::kFailed, "CF1660", path_ + " is no regular file, so that it cannot be replaced",
                "move it away and run the command again");
  if (status) {
    CERTFERRY_ASSIGN(const Secret content, files_.read(path_, kLargest));
    CERTFERRY_TRY(put_file(files_, before_, content, status->mode, owner_in(*status)));
  }
  return put_file(files_, mark_, Secret(path_ + "\n"), 0644, std::nullopt);
}

Result<bool> PublishedFile::put(const std::string& text) {
  CERTFERRY_ASSIGN(const bool there, holds(text));
  if (there) return false;
  // Elsewhere the administrator decides which folders there are.
  if (path_.starts_with(home_ + "/")) CERTFERRY_TRY(make_folders(files_, parent_of(path_), kFolderMode));
  CERTFERRY_TRY(keep_what_was());
  CERTFERRY_ASSIGN(const std::optional<Owner> owner, owner_of(file_));
  CERTFERRY_TRY(put_file(files_, path_, Secret(text), file_.mode, owner));
  CERTFERRY_ASSIGN(const bool written, holds(text));
  if (written) return true;
  return fail(ErrorKind::kFailed, "CF1653", path_ + " is not what was written",
              "find out which other program writes it, and run the command again");
}

Result<bool> PublishedFile::take_away() {
  CERTFERRY_ASSIGN(const std::optional<FileStatus> ours, files_.status(mark_));
  if (!ours) return false;
  CERTFERRY_ASSIGN(const std::optional<FileStatus> before, files_.status(before_));
  if (before) {
    CERTFERRY_ASSIGN(const Secret content, files_.read(before_, kLargest));
    CERTFERRY_TRY(put_file(files_, path_, content, before->mode, owner_in(*before)));
  } else {
    CERTFERRY_TRY(files_.remove(path_));
    CERTFERRY_TRY(files_.sync(parent_of(path_)));
  }
  // The mark first: a copy that outlives it is replaced by the next one, a mark without its copy would lose it.
  CERTFERRY_TRY(files_.remove(mark_));
  CERTFERRY_TRY(files_.sync(folder_));
  CERTFERRY_TRY(files_.remove(before_));
  CERTFERRY_TRY(files_.sync(folder_));
  return true;
}

}  // namespace certferry::deploy
