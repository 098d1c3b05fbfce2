#include "deploy/generations.h"

#include <algorithm>
#include <charconv>

#include "deploy/pem_folder.h"

namespace certferry::deploy {
namespace {

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
    : files_(files),
      type_(std::move(type)),
      folder_(home + "/generations/" + type_),
      live_(std::move(home) + "/live/" + type_) {}

Result<Generation> Generations::read_generation(const std::string& name) const {
  Generation generation{number_from(name).value_or(0), ""};
  const Result<Secret> digest = files_.read(folder_ + "/" + name + "/sha256", kDigestFile);
  if (!digest && digest.error().id != "CF1114" && digest.error().id != "CF1112") return std::unexpected(digest.error());
  const std::string_view text = digest ? digest->text() : "";
  if (text.size() == 65 && text.back() == '\n' && from_hex(text.substr(0, 64))) generation.sha256 = text.substr(0, 64);
  return generation;
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
  if (!target.starts_with(prefix) || !number_from(std::string_view(target).substr(prefix.size()))) {
    return fail(ErrorKind::kFailed, "CF1603", path + " is not a link that certferry made",
                "move it away and run the command again");
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
    // The same certificate may have got a longer chain or other readers meanwhile, or a file was damaged: then it is a
    // new generation.
    CERTFERRY_ASSIGN(const bool same, holds(*there, content, access));
    if (same) {
      // Whoever wrote it may have been killed before the name was on disk.
      CERTFERRY_TRY(files_.sync(folder_));
      return there->number;
    }
  }
  const std::uint64_t number = all.empty() ? 1 : all.back().number + 1;
  const std::string digest = content.sha256 + "\n";
  const PemFolder folder = {content.certificate, content.chain, &content.key, "sha256", digest};
  CERTFERRY_TRY(make_pem_folder(files_, folder_ + "/" + std::to_string(number), "", folder, access));
  return number;
}

Result<bool> Generations::holds(const Generation& generation, const GenerationFiles& content,
                                const KeyAccess& access) const {
  const std::string folder = folder_ + "/" + std::to_string(generation.number);
  const auto equals = [&](std::string_view name, std::string_view text) {
    const auto found = read_pem_file(files_, folder, name);
    return found && found->text() == text;
  };
  const auto key = read_pem_file(files_, folder, "privkey.pem");
  if (!key || !(*key == content.key) || !equals("cert.pem", content.certificate) ||
      !equals("chain.pem", content.chain) || !equals("fullchain.pem", content.certificate + content.chain)) {
    return false;
  }
  return has_access(files_, folder + "/privkey.pem", access);
}

Result<bool> Generations::point(const std::string& name, const std::optional<std::string>& sha256,
                                const std::vector<Generation>& all) {
  CERTFERRY_ASSIGN(const std::optional<Generation> now, read_name(name));
  const std::string path = live_ + "/" + name;
  if (!sha256) {
    if (!now) return false;
    CERTFERRY_TRY(files_.remove(path));
    return true;
  }
  const Generation* wanted = find(all, *sha256);
  if (!wanted) {
    return fail(ErrorKind::kFailed, "CF1603", "no generation of " + type_ + " holds the certificate " + *sha256,
                "run the set or import command again: it brings the disk to the store");
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
  if (previous) CERTFERRY_TRY(files_.sync(live_));
  CERTFERRY_ASSIGN(const bool current, point("current", desired.current, all));
  CERTFERRY_ASSIGN(const bool next, point("next", desired.next, all));
  // Also where nothing changed: whoever changed it may have been killed before it was on disk.
  CERTFERRY_TRY(files_.sync(live_));
  return previous || current || next;
}

Result<Findings> Generations::verify(const KeyAccess& access) const {
  Findings findings;
  CERTFERRY_ASSIGN(const std::vector<Generation> all, list());
  for (const Generation& generation : all) {
    const std::string folder = folder_ + "/" + std::to_string(generation.number);
    Findings found = verify_pem_folder(files_, folder, generation.sha256, /*wants_key=*/true, access);
    findings.insert(findings.end(), found.begin(), found.end());
  }
  for (const char* name : {"current", "next", "previous"}) {
    const auto target = read_name(name);
    if (target && (!*target || std::ranges::find(all, **target) != all.end())) continue;
    findings.push_back(
        {"CF1603", Severity::kFatal,
         target ? live_ + "/" + name + " points at a generation that is not there" : target.error().message,
         "run the set or import command again: it brings the disk to the store", "docs/formats/home.md"});
  }
  return findings;
}

Result<std::vector<std::string>> Generations::leftovers() const {
  std::vector<std::string> found;
  for (const std::string& folder : {folder_, live_}) {
    CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files_.status(folder));
    if (!status) continue;
    CERTFERRY_ASSIGN(const std::vector<std::string> names, files_.list(folder));
    for (const std::string& name : names) {
      if (name.ends_with(".new")) found.push_back(folder + "/" + name);
    }
  }
  return found;
}

Result<> Generations::prune(std::size_t keep) {
  CERTFERRY_ASSIGN(const std::vector<std::string> left, leftovers());
  for (const std::string& path : left) {
    CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files_.status(path));
    if (status && status->kind == FileKind::kFolder) {
      CERTFERRY_TRY(remove_folder(files_, path));
    } else {
      CERTFERRY_TRY(files_.remove(path));
    }
    CERTFERRY_TRY(files_.sync(parent_of(path)));
  }
  CERTFERRY_ASSIGN(const Live now, live());
  CERTFERRY_ASSIGN(std::vector<Generation> all, list());
  std::erase_if(all, [&](const Generation& g) { return now.current == g || now.next == g || now.previous == g; });
  for (std::size_t i = 0; i + keep < all.size(); ++i) {
    CERTFERRY_TRY(remove_complete_folder(files_, folder_ + "/" + std::to_string(all[i].number)));
  }
  return {};
}

}  // namespace certferry::deploy
