#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "deploy/owned_file.h"
#include "deploy/service.h"

namespace certferry::deploy {
namespace {

constexpr std::string_view kFolderWord = "${folder}/";
constexpr std::string_view kDigest = "sha256";
constexpr unsigned kFolderMode = 0755;
constexpr std::size_t kLargest = 4 * 1024 * 1024;

std::unexpected<Error> damaged(const std::string& path, std::string_view how) {
  return fail(ErrorKind::kFailed, "CF1660", path + " " + std::string(how), "move it away and run the command again");
}

// The sets of keys are others' work (deploy/published_file.h).
bool of_generations(const BoundFile& file) { return file.content != Content::kJwkSet; }

}  // namespace

std::string ServiceFiles::folder_of(std::uint64_t number) const {
  return place_.generations() + "/" + std::to_string(number);
}

bool ServiceFiles::inside(const BoundFile& file) const { return file.path.starts_with(kFolderWord); }

std::string ServiceFiles::stored_name(std::size_t index) const {
  const BoundFile& file = binding_.files[index];
  return inside(file) ? file.path.substr(kFolderWord.size()) : "outside-" + std::to_string(index);
}

Result<Secret> ServiceFiles::content_of(const BoundFile& file, const Materials& materials) {
  if (file.content != Content::kPkcs12) return make_content(file.content, materials);
  CERTFERRY_ASSIGN(const Secret text, files_.read(file.password_file, kLargest));
  const Secret password(text.text().substr(0, text.text().find_first_of("\r\n")));
  return make_content(file.content, materials, {file.alias, &password});
}

Result<> ServiceFiles::keep_what_was() {
  CERTFERRY_ASSIGN(const std::optional<FileStatus> there, files_.status(folder_of(0)));
  if (there) return {};
  std::vector<NewFile> content;
  std::vector<Secret> bytes(binding_.files.size());
  std::vector<std::pair<std::string, Owner>> owners;
  for (std::size_t i = 0; i < binding_.files.size(); ++i) {
    if (inside(binding_.files[i]) || !of_generations(binding_.files[i])) continue;
    const std::string path = place_.expand(binding_.files[i].path);
    CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files_.status(path));
    if (!status) continue;
    if (status->kind != FileKind::kFile) return damaged(path, "is no regular file, so that it cannot be replaced");
    CERTFERRY_ASSIGN(bytes[i], files_.read(path, kLargest));
    content.push_back({stored_name(i), bytes[i].view(), {.mode = status->mode, .group = std::nullopt, .readers = {}}});
    owners.push_back({stored_name(i), {status->owner, status->group}});
  }
  content.push_back({"before", {}, {.mode = 0644, .group = std::nullopt, .readers = {}}});
  CERTFERRY_TRY(make_complete_folder(files_, folder_of(0), "", content, kFolderMode));
  for (const auto& [name, owner] : owners) {
    if (::geteuid() == 0) CERTFERRY_TRY(files_.set_owner(folder_of(0) + "/" + name, owner.uid, owner.gid));
  }
  return {};
}

Result<> ServiceFiles::stage(std::uint64_t number, const Materials& materials) {
  CERTFERRY_TRY(make_folders(files_, place_.generations(), kFolderMode));
  CERTFERRY_TRY(keep_what_was());
  const std::string folder = folder_of(number);
  const std::string digest = materials.leaf.sha256_hex() + "\n";
  CERTFERRY_ASSIGN(const std::optional<FileStatus> there, files_.status(folder));
  if (there) {
    CERTFERRY_ASSIGN(const Secret held, files_.read(folder + "/" + std::string(kDigest), kLargest));
    if (held.text() != digest) return damaged(folder, "holds another certificate");
    return {};
  }
  std::vector<Secret> bytes;
  std::vector<NewFile> content;
  std::vector<std::pair<std::string, Owner>> owners;
  bytes.reserve(binding_.files.size());
  for (std::size_t i = 0; i < binding_.files.size(); ++i) {
    const BoundFile& file = binding_.files[i];
    if (!of_generations(file)) continue;
    CERTFERRY_ASSIGN(Secret made, content_of(file, materials));
    CERTFERRY_ASSIGN(const std::optional<Owner> owner, owner_of(file));
    bytes.push_back(std::move(made));
    FileAccess access{.mode = file.mode, .group = std::nullopt, .readers = {}};
    if (owner) access.group = owner->gid;
    if (owner && owner->uid != 0) owners.push_back({stored_name(i), *owner});
    content.push_back({stored_name(i), bytes.back().view(), access});
  }
  content.push_back({std::string(kDigest), as_bytes(digest), {.mode = 0644, .group = std::nullopt, .readers = {}}});
  CERTFERRY_TRY(make_complete_folder(files_, folder, "", content, kFolderMode));
  for (const auto& [name, owner] : owners) {
    CERTFERRY_TRY(files_.set_owner(folder + "/" + name, owner.uid, owner.gid));
    CERTFERRY_TRY(files_.sync(folder + "/" + name));
  }
  for (std::size_t i = 0; i < content.size(); ++i) {
    CERTFERRY_ASSIGN(const Secret held, files_.read(folder + "/" + content[i].name, kLargest));
    if (!equal(held.view(), content[i].bytes))
      return damaged(folder + "/" + content[i].name, "is not what was written");
  }
  return {};
}

Result<> ServiceFiles::activate(std::uint64_t number) {
  const std::string folder = folder_of(number);
  const std::string mark = folder + "/" + (number == 0 ? "before" : std::string(kDigest));
  CERTFERRY_ASSIGN(const std::optional<FileStatus> staged, files_.status(mark));
  if (!staged) return damaged(folder, "is not staged");
  for (std::size_t i = 0; i < binding_.files.size(); ++i) {
    if (inside(binding_.files[i]) || !of_generations(binding_.files[i])) continue;
    const std::string path = place_.expand(binding_.files[i].path);
    const std::string stored = folder + "/" + stored_name(i);
    CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files_.status(stored));
    if (status) {
      CERTFERRY_ASSIGN(const Secret content, files_.read(stored, kLargest));
      const std::optional<Owner> owner =
          ::geteuid() == 0 ? std::optional<Owner>({status->owner, status->group}) : std::nullopt;
      CERTFERRY_TRY(put_file(files_, path, content, status->mode, owner));
    } else if (number == 0) {
      CERTFERRY_TRY(files_.remove(path));
      CERTFERRY_TRY(files_.sync(parent_of(path)));
    } else {
      return damaged(stored, "is missing: the binding was changed since it was staged");
    }
  }
  if (number == 0) {
    CERTFERRY_TRY(files_.remove(place_.folder()));
  } else {
    CERTFERRY_TRY(replace_symlink(files_, place_.folder(), std::to_string(number)));
  }
  return files_.sync(place_.generations());
}

Result<std::optional<std::uint64_t>> ServiceFiles::current() const {
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files_.status(place_.folder()));
  if (!status) return std::optional<std::uint64_t>();
  std::string target;
  if (status->kind == FileKind::kSymlink) {
    CERTFERRY_ASSIGN(target, files_.read_symlink(place_.folder()));
  }
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(target.data(), target.data() + target.size(), number);
  if (error != std::errc() || end != target.data() + target.size() || number == 0) {
    return damaged(place_.folder(), "is not a link that certferry made");
  }
  return std::optional<std::uint64_t>(number);
}

Result<> ServiceFiles::prune(std::optional<std::uint64_t> keep, Keep rest) {
  CERTFERRY_ASSIGN(const std::optional<std::uint64_t> used, current());
  CERTFERRY_ASSIGN(const std::vector<std::string> names, files_.list(place_.generations()));
  for (const std::string& name : names) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error != std::errc()) continue;
    const bool whole = end == name.data() + name.size();
    const bool kept = whole && rest == Keep::kInUse && (number == 0 || number == used || number == keep);
    // What an interrupted command left ("3.new") goes too.
    if (!kept) CERTFERRY_TRY(remove_complete_folder(files_, place_.generations() + "/" + name));
  }
  return {};
}

Result<std::vector<Overlay>> ServiceFiles::overlays(std::uint64_t number) const {
  std::vector<Overlay> all;
  CERTFERRY_ASSIGN(const std::optional<std::uint64_t> now, current());
  if (!now || *now == number) return all;
  all.push_back({folder_of(*now), folder_of(number)});
  for (std::size_t i = 0; i < binding_.files.size(); ++i) {
    if (inside(binding_.files[i]) || !of_generations(binding_.files[i])) continue;
    const std::string path = place_.expand(binding_.files[i].path);
    CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files_.status(path));
    if (status) all.push_back({path, folder_of(number) + "/" + stored_name(i)});
  }
  return all;
}

}  // namespace certferry::deploy
