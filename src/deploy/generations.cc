#include "deploy/generations.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>

namespace certferry::deploy {
namespace {

constexpr unsigned kPublicMode = 0644;
constexpr unsigned kFolderMode = 0755;
constexpr std::size_t kDigestFile = 80;

std::optional<std::uint64_t> number_from(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number == 0) return std::nullopt;
  return number;
}

// The newest one that holds the certificate.
const Generation* find(const std::vector<Generation>& all, std::string_view sha256) {
  const Generation* found = nullptr;
  for (const Generation& generation : all) {
    if (generation.sha256 == sha256 && (!found || generation.number > found->number)) found = &generation;
  }
  return found;
}

}  // namespace

Generations::Generations(FileSystem& files, std::string home, std::string type)
    : files_(files), type_(std::move(type)), folder_(home + "/generations/" + type_), live_(std::move(home) + "/live/" + type_) {}

Result<Generation> Generations::read_generation(const std::string& name) const {
  const auto number = number_from(name);
  CERTFERRY_ASSIGN(const Secret digest, files_.read(folder_ + "/" + name + "/sha256", kDigestFile));
  std::string sha256(digest.text().substr(0, 64));
  if (!number || sha256.size() != 64 || !from_hex(sha256)) {
    return fail(ErrorKind::kFailed, "CF1603", folder_ + "/" + name + " is no generation", "run `certferry doctor`, and see what is in that folder");
  }
  return Generation{*number, std::move(sha256)};
}

Result<std::optional<Generation>> Generations::read_name(const std::string& name) const {
  const std::string path = live_ + "/" + name;
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files_.status(path));
  if (!status) return std::optional<Generation>();
  const std::string prefix = "../../generations/" + type_ + "/";
  std::string target;
  if (status->kind == FileKind::kSymlink) {
    CERTFERRY_ASSIGN(target, files_.read_symlink(path));
  }
  if (!target.starts_with(prefix)) {
    return fail(ErrorKind::kFailed, "CF1603", path + " is not a link that certferry made", "move it away and run the command again");
  }
  CERTFERRY_ASSIGN(Generation generation, read_generation(target.substr(prefix.size())));
  return std::optional(std::move(generation));
}

Result<Live> Generations::live() const {
  Live live;
  CERTFERRY_ASSIGN(live.current, read_name("current"));
  CERTFERRY_ASSIGN(live.next, read_name("next"));
  CERTFERRY_ASSIGN(live.previous, read_name("previous"));
  return live;
}

Result<std::vector<Generation>> Generations::list() const {
  std::vector<Generation> all;
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files_.status(folder_));
  if (!status) return all;
  CERTFERRY_ASSIGN(const std::vector<std::string> names, files_.list(folder_));
  for (const std::string& name : names) {
    if (!number_from(name)) continue;
    CERTFERRY_ASSIGN(Generation generation, read_generation(name));
    all.push_back(std::move(generation));
  }
  std::ranges::sort(all, {}, &Generation::number);
  return all;
}

Result<std::uint64_t> Generations::stage(const GenerationFiles& content, const KeyAccess& access) {
  CERTFERRY_TRY(make_folders(files_, folder_, kFolderMode));
  CERTFERRY_ASSIGN(const std::vector<Generation> all, list());
  if (const Generation* there = find(all, content.sha256)) {
    // The same certificate may have got a longer chain or other readers meanwhile: then it is a new generation.
    const std::string folder = folder_ + "/" + std::to_string(there->number);
    CERTFERRY_ASSIGN(const std::optional<FileStatus> key, files_.status(folder + "/privkey.pem"));
    const auto chain = files_.read(folder + "/chain.pem", std::size_t{4} << 20);
    if (key && key->mode == access.mode && (!access.group || key->group == *access.group) && chain && chain->text() == content.chain) {
      return there->number;
    }
  }
  const std::uint64_t number = all.empty() ? 1 : all.back().number + 1;
  const std::string path = folder_ + "/" + std::to_string(number);
  const std::string full_chain = content.certificate + content.chain;
  const std::string digest = content.sha256 + "\n";
  CERTFERRY_TRY(remove_folder(files_, path + ".new"));
  // The group is set before the rename: a generation is never changed once it has its name.
  const std::string temporary = path + ".new";
  const auto fill = [&]() -> Result<> {
    CERTFERRY_TRY(files_.make_folder(temporary, kFolderMode));
    const std::vector<NewFile> list = {{"cert.pem", as_bytes(content.certificate), kPublicMode},
                                       {"chain.pem", as_bytes(content.chain), kPublicMode},
                                       {"fullchain.pem", as_bytes(full_chain), kPublicMode},
                                       {"privkey.pem", content.key.view(), 0600},
                                       {"sha256", as_bytes(digest), kPublicMode}};
    for (const NewFile& file : list) {
      const std::string name = temporary + "/" + file.name;
      CERTFERRY_TRY(files_.write_new(name, file.bytes, file.mode));
      files_.start_sync(name);
    }
    if (access.group) CERTFERRY_TRY(files_.set_owner(temporary + "/privkey.pem", ::geteuid(), *access.group));
    if (access.mode != 0600) CERTFERRY_TRY(files_.set_mode(temporary + "/privkey.pem", access.mode));
    for (const NewFile& file : list) CERTFERRY_TRY(files_.sync(temporary + "/" + file.name));
    CERTFERRY_TRY(files_.sync(temporary));
    CERTFERRY_TRY(files_.rename(temporary, path));
    return files_.sync(folder_);
  };
  if (Result<> filled = fill(); !filled) {
    static_cast<void>(remove_folder(files_, temporary));
    return std::unexpected(std::move(filled).error());
  }
  return number;
}

Result<bool> Generations::point(const std::string& name, const std::optional<std::string>& sha256,
                                const std::vector<Generation>& all) {
  CERTFERRY_ASSIGN(const std::optional<Generation> now, read_name(name));
  const std::string path = live_ + "/" + name;
  if (!sha256) {
    if (!now) return false;
    CERTFERRY_TRY(files_.remove(path));
    CERTFERRY_TRY(files_.sync(live_));
    return true;
  }
  const Generation* wanted = find(all, *sha256);
  if (!wanted) {
    return fail(ErrorKind::kFailed, "CF1603", "no generation of " + type_ + " holds the certificate " + *sha256,
                "run `certferry doctor --repair`");
  }
  if (now == *wanted) return false;
  CERTFERRY_TRY(replace_symlink(files_, path, "../../generations/" + type_ + "/" + std::to_string(wanted->number)));
  return true;
}

Result<bool> Generations::bring_to(const Desired& desired) {
  if (!desired.current && !desired.next && !desired.previous) {
    CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files_.status(live_));
    if (!status) return false;
  }
  CERTFERRY_TRY(make_folders(files_, live_, kFolderMode));
  CERTFERRY_ASSIGN(const std::vector<Generation> all, list());
  CERTFERRY_ASSIGN(const bool previous, point("previous", desired.previous, all));
  CERTFERRY_ASSIGN(const bool current, point("current", desired.current, all));
  CERTFERRY_ASSIGN(const bool next, point("next", desired.next, all));
  return previous || current || next;
}

Result<> Generations::prune(std::size_t keep) {
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files_.status(folder_));
  if (!status) return {};
  CERTFERRY_ASSIGN(const std::vector<std::string> names, files_.list(folder_));
  for (const std::string& name : names) {
    if (name.ends_with(".new")) CERTFERRY_TRY(remove_folder(files_, folder_ + "/" + name));
  }
  CERTFERRY_ASSIGN(const Live now, live());
  CERTFERRY_ASSIGN(std::vector<Generation> all, list());
  std::erase_if(all, [&](const Generation& g) { return now.current == g || now.next == g || now.previous == g; });
  for (std::size_t i = 0; i + keep < all.size(); ++i) {
    CERTFERRY_TRY(remove_folder(files_, folder_ + "/" + std::to_string(all[i].number)));
  }
  return {};
}

}  // namespace certferry::deploy
