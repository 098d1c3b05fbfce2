// certificates/<sha256>/ below the home: each certificate with its chain and key, as files that services can read.
#pragma once

#include <optional>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/finding.h"
#include "base/result.h"
#include "base/secret.h"
#include "deploy/key_access.h"

namespace certferry::deploy {

// PEM texts. `chain` holds the intermediates from the issuer on, without the root; may be empty.
struct CertificateFiles {
  std::string sha256;       // of the certificate's DER, lower-case hex: the folder's name
  std::string certificate;  // cert.pem
  std::string chain;        // chain.pem; fullchain.pem is both
  std::optional<Secret> key;  // privkey.pem; nothing: a certificate without key
  std::string info;         // info.json, what people and scripts want to know without parsing
};

// The folders below one home. Not thread-safe; several processes may use one home.
// Errors: CF1601 a folder holds something else than it should, those of base/file.h.
class Certificates {
 public:
  Certificates(FileSystem& files, std::string home) : files_(files), folder_(std::move(home) + "/certificates") {}

  [[nodiscard]] std::string folder_of(std::string_view sha256) const { return folder_ + "/" + std::string(sha256); }
  [[nodiscard]] std::string key_path(std::string_view sha256) const { return folder_of(sha256) + "/privkey.pem"; }

  // Makes the folder with all its files at once, or leaves nothing behind. True: it was made; false: it was there and
  // holds the same. Where it was there without key and `content` has one, or with a shorter chain, the file concerned is
  // replaced (true). A key that is there is never replaced by another one, a damaged file is never taken for a whole
  // one: CF1601. At no time can the key's file be read by others than those of `access`.
  [[nodiscard]] Result<bool> write(const CertificateFiles& content, const KeyAccess& access);
  // Gives the key's file that access. True: it had another one.
  [[nodiscard]] Result<bool> set_access(std::string_view sha256, const KeyAccess& access);

  [[nodiscard]] Result<bool> exists(std::string_view sha256) const;
  [[nodiscard]] Result<bool> has_key(std::string_view sha256) const;
  // CF1602 where there is none.
  [[nodiscard]] Result<Secret> read(std::string_view sha256, std::string_view file) const;

  // What is wrong with the folder (CF1601, CF1605 of deploy/pem_folder.h); nothing where it is whole.
  [[nodiscard]] Findings verify(std::string_view sha256, const KeyAccess& access) const;
  // All of it or nothing; an absent one is no error. Nothing looks at whether it is still used.
  [[nodiscard]] Result<> remove(std::string_view sha256);

  // The folders that are certificates, by name.
  [[nodiscard]] Result<std::vector<std::string>> list() const;
  // What an interrupted command left behind, below certificates/: folders, and files in whole folders. Never looked at.
  [[nodiscard]] Result<std::vector<std::string>> leftovers() const;
  // Those that `dead` says nobody is at work on. The names removed.
  [[nodiscard]] Result<std::vector<std::string>> remove_leftovers(const std::function<bool(const std::string&)>& dead);

 private:
  [[nodiscard]] Result<bool> complete(const CertificateFiles& content, const KeyAccess& access);
  [[nodiscard]] Result<bool> complete_chain(const CertificateFiles& content);

  FileSystem& files_;
  std::string folder_;
};

}  // namespace certferry::deploy
