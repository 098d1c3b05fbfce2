#include "deploy/certificates.h"

#include <unistd.h>

#include <algorithm>

#include "deploy/pem_folder.h"

namespace certferry::deploy {
namespace {

constexpr unsigned kPublicMode = 0644;
constexpr unsigned kFolderMode = 0755;

std::unexpected<Error> mismatch(const std::string& path, std::string_view what) {
  return fail(ErrorKind::kFailed, "CF1601", path + " " + std::string(what),
              "find out who changed it; move the folder away and import the certificate again");
}

bool is_certificate(const std::string& name) { return name.size() == 64 && from_hex(name); }

}  // namespace

Result<bool> Certificates::write(const CertificateFiles& content, const KeyAccess& access) {
  const std::string path = folder_of(content.sha256);
  CERTFERRY_TRY(make_folders(files_, folder_, kFolderMode));
  CERTFERRY_ASSIGN(const bool there, exists(content.sha256));
  if (there) return complete(content, access);
  const PemFolder folder = {content.certificate, content.chain, content.key ? &*content.key : nullptr, "info.json",
                            content.info};
  const std::string suffix = "." + std::to_string(::getpid()) + "-" + std::to_string(::gettid());
  Result<> made = make_pem_folder(files_, path, suffix, folder, access);
  if (made) return true;
  // Another process may have written the same certificate meanwhile.
  CERTFERRY_ASSIGN(const bool now, exists(content.sha256));
  if (!now) return std::unexpected(std::move(made).error());
  return complete(content, access);
}

Result<bool> Certificates::complete(const CertificateFiles& content, const KeyAccess& access) {
  CERTFERRY_ASSIGN(const Secret certificate, read(content.sha256, "cert.pem"));
  if (certificate.text() != content.certificate) {
    return mismatch(folder_of(content.sha256) + "/cert.pem", "holds another certificate than its folder says");
  }
  bool changed = false;
  CERTFERRY_ASSIGN(const bool key_there, has_key(content.sha256));
  if (content.key && key_there) {
    CERTFERRY_ASSIGN(const Secret key, read(content.sha256, "privkey.pem"));
    if (!(key == *content.key)) {
      return mismatch(key_path(content.sha256), "holds another private key than the one to be stored");
    }
  } else if (content.key) {
    CERTFERRY_TRY(replace_file(files_, key_path(content.sha256), content.key->view(), 0600));
    changed = true;
  }
  CERTFERRY_ASSIGN(const bool longer, complete_chain(content));
  changed = changed || longer;
  if (content.key || key_there) {
    CERTFERRY_ASSIGN(const bool other, set_access(content.sha256, access));
    changed = changed || other;
  }
  // Whoever wrote it may have been killed before the name was on disk.
  CERTFERRY_TRY(files_.sync(folder_));
  return changed;
}

Result<bool> Certificates::complete_chain(const CertificateFiles& content) {
  const std::string path = folder_of(content.sha256);
  CERTFERRY_ASSIGN(const Secret chain, read(content.sha256, "chain.pem"));
  CERTFERRY_ASSIGN(const Secret full_chain, read(content.sha256, "fullchain.pem"));
  const std::string wanted = content.certificate + content.chain;
  const bool whole = full_chain.text() == content.certificate + std::string(chain.text());
  // The longer full chain beside the old, shorter chain is what a kill between the two below leaves.
  if (!whole && (full_chain.text() != wanted || chain.size() > content.chain.size())) {
    return mismatch(path + "/fullchain.pem", "is not cert.pem followed by chain.pem");
  }
  // A shorter chain tells less than what is there.
  if (whole && content.chain.size() <= chain.size()) return false;
  CERTFERRY_TRY(replace_file(files_, path + "/fullchain.pem", as_bytes(wanted), kPublicMode));
  CERTFERRY_TRY(replace_file(files_, path + "/chain.pem", as_bytes(content.chain), kPublicMode));
  return true;
}

Result<bool> Certificates::set_access(std::string_view sha256, const KeyAccess& access) {
  const std::string path = key_path(sha256);
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files_.status(path));
  if (!status || status->kind != FileKind::kFile) return mismatch(path, "is no regular file");
  CERTFERRY_ASSIGN(const bool same, has_access(files_, path, access));
  if (same) return false;
  CERTFERRY_TRY(give_access(files_, path, access));
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
  auto text = read_pem_file(files_, folder_of(sha256), file);
  if (text || text.error().id != "CF1602") return text;
  CERTFERRY_ASSIGN(const bool there, exists(sha256));
  if (there) return text;
  return fail(ErrorKind::kFailed, "CF1602",
              "the certificate " + std::string(sha256.substr(0, 16)) + "… and its private key are not below this home",
              "import the certificate with its key here: homes that share a store do not share private keys");
}

Findings Certificates::verify(std::string_view sha256, const KeyAccess& access) const {
  const auto key = has_key(sha256);
  return verify_pem_folder(files_, folder_of(sha256), sha256, key.value_or(true), access);
}

Result<> Certificates::remove(std::string_view sha256) { return remove_complete_folder(files_, folder_of(sha256)); }

Result<std::vector<std::string>> Certificates::list() const {
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files_.status(folder_));
  if (!status) return std::vector<std::string>();
  CERTFERRY_ASSIGN(std::vector<std::string> names, files_.list(folder_));
  std::erase_if(names, [](const std::string& name) { return !is_certificate(name); });
  return names;
}

Result<std::vector<std::string>> Certificates::leftovers() const {
  std::vector<std::string> found;
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files_.status(folder_));
  if (!status) return found;
  CERTFERRY_ASSIGN(const std::vector<std::string> names, files_.list(folder_));
  for (const std::string& name : names) {
    if (name.ends_with(".new")) found.push_back(name);
    if (!is_certificate(name)) continue;
    CERTFERRY_ASSIGN(const std::vector<std::string> inside, files_.list(folder_ + "/" + name));
    for (const std::string& file : inside) {
      if (file.ends_with(".new")) found.push_back(name + "/" + file);
    }
  }
  return found;
}

Result<std::vector<std::string>> Certificates::remove_leftovers(const std::function<bool(const std::string&)>& dead) {
  CERTFERRY_ASSIGN(std::vector<std::string> names, leftovers());
  std::erase_if(names, [&](const std::string& name) { return !dead(name); });
  for (const std::string& name : names) {
    const std::string path = folder_ + "/" + name;
    if (name.contains('/')) {
      CERTFERRY_TRY(files_.remove(path));
    } else {
      CERTFERRY_TRY(remove_folder(files_, path));
    }
  }
  return names;
}

}  // namespace certferry::deploy
