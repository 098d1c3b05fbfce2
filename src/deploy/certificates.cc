#include "deploy/certificates.h"

#include <unistd.h>

#include <algorithm>

namespace certferry::deploy {
namespace {

constexpr std::size_t kMaxFile = 4 * 1024 * 1024;
constexpr unsigned kPublicMode = 0644;
// Services reach their key through its folder; what is secret is the key file alone.
constexpr unsigned kFolderMode = 0755;

std::unexpected<Error> mismatch(const std::string& path, std::string_view what) {
  return fail(ErrorKind::kFailed, "CF1601", path + " " + std::string(what),
              "find out who changed it; move the folder away and import the certificate again");
}

Result<> give_to_group(FileSystem& files, const std::string& path, const KeyAccess& access) {
  if (!access.group) return {};
  return files.set_owner(path, ::geteuid(), *access.group);
}

}  // namespace

Result<bool> Certificates::write(const CertificateFiles& content, const KeyAccess& access) {
  const std::string path = folder_of(content.sha256);
  CERTFERRY_TRY(make_folders(files_, folder_, kFolderMode));
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files_.status(path));
  const std::string full_chain = content.certificate + content.chain;
  if (!status) {
    std::vector<NewFile> list = {{"cert.pem", as_bytes(content.certificate), kPublicMode},
                                 {"chain.pem", as_bytes(content.chain), kPublicMode},
                                 {"fullchain.pem", as_bytes(full_chain), kPublicMode},
                                 {"info.json", as_bytes(content.info), kPublicMode}};
    // 0600 until the group is set, so that at no time another group can read it.
    if (content.key) list.push_back({"privkey.pem", content.key->view(), 0600});
    const std::string suffix = "." + std::to_string(::getpid()) + "-" + std::to_string(::gettid());
    if (Result<> made = make_complete_folder(files_, path, suffix, list, kFolderMode); !made) {
      // Another process may have written the same certificate meanwhile.
      CERTFERRY_ASSIGN(const std::optional<FileStatus> now, files_.status(path));
      if (!now) return std::unexpected(made.error());
      return write(content, access);
    }
    if (content.key) CERTFERRY_TRY(set_access(content.sha256, access));
    return true;
  }

  CERTFERRY_ASSIGN(const Secret certificate, read(content.sha256, "cert.pem"));
  if (certificate.text() != content.certificate) return mismatch(path + "/cert.pem", "holds another certificate than its folder says");
  bool changed = false;
  CERTFERRY_ASSIGN(const bool key_there, has_key(content.sha256));
  if (content.key && key_there) {
    CERTFERRY_ASSIGN(const Secret key, read(content.sha256, "privkey.pem"));
    if (!(key == *content.key)) return mismatch(key_path(content.sha256), "holds another private key than the one to be stored");
  } else if (content.key) {
    CERTFERRY_TRY(replace_file(files_, key_path(content.sha256), content.key->view(), 0600));
    changed = true;
  }
  CERTFERRY_ASSIGN(const Secret chain, read(content.sha256, "chain.pem"));
  // A shorter chain tells less than what is there.
  if (content.chain.size() > chain.size()) {
    CERTFERRY_TRY(replace_file(files_, path + "/fullchain.pem", as_bytes(full_chain), kPublicMode));
    CERTFERRY_TRY(replace_file(files_, path + "/chain.pem", as_bytes(content.chain), kPublicMode));
    changed = true;
  }
  if (content.key || key_there) {
    CERTFERRY_ASSIGN(const bool other, set_access(content.sha256, access));
    changed = changed || other;
  }
  return changed;
}

Result<bool> Certificates::set_access(std::string_view sha256, const KeyAccess& access) {
  const std::string path = key_path(sha256);
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files_.status(path));
  if (!status || status->kind != FileKind::kFile) return mismatch(path, "is no regular file");
  if (status->mode == access.mode && (!access.group || status->group == *access.group)) return false;
  // Narrow first, then the group, then wide: nobody reads it in between who may not.
  CERTFERRY_TRY(files_.set_mode(path, status->mode & access.mode & 0600));
  CERTFERRY_TRY(give_to_group(files_, path, access));
  CERTFERRY_TRY(files_.set_mode(path, access.mode));
  CERTFERRY_TRY(files_.sync(path));
  return true;
}

Result<bool> Certificates::exists(std::string_view sha256) const {
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files_.status(folder_of(sha256)));
  return status && status->kind == FileKind::kFolder;
}

Result<bool> Certificates::has_key(std::string_view sha256) const {
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files_.status(key_path(sha256)));
  return status.has_value();
}

Result<Secret> Certificates::read(std::string_view sha256, std::string_view file) const {
  auto content = files_.read(folder_of(sha256) + "/" + std::string(file), kMaxFile);
  if (!content && content.error().id == "CF1114") {
    return fail(ErrorKind::kFailed, "CF1602", folder_of(sha256) + " lacks " + std::string(file), "import the certificate again");
  }
  return content;
}

Result<std::vector<std::string>> Certificates::list() const {
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files_.status(folder_));
  if (!status) return std::vector<std::string>();
  CERTFERRY_ASSIGN(std::vector<std::string> names, files_.list(folder_));
  std::erase_if(names, [](const std::string& name) { return name.size() != 64 || !from_hex(name); });
  return names;
}

Result<std::vector<std::string>> Certificates::leftovers() const {
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files_.status(folder_));
  if (!status) return std::vector<std::string>();
  CERTFERRY_ASSIGN(std::vector<std::string> names, files_.list(folder_));
  std::erase_if(names, [](const std::string& name) { return !name.ends_with(".new"); });
  return names;
}

Result<> Certificates::remove_leftovers() {
  CERTFERRY_ASSIGN(const std::vector<std::string> names, leftovers());
  for (const std::string& name : names) CERTFERRY_TRY(remove_folder(files_, folder_ + "/" + name));
  return {};
}

}  // namespace certferry::deploy
