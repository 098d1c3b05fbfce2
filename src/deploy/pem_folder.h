// A folder with a certificate, its chain and its key as PEM: the form that certificates/ and generations/ share.
#pragma once

#include <string>
#include <string_view>

#include "base/file.h"
#include "base/finding.h"
#include "base/result.h"
#include "base/secret.h"
#include "deploy/key_access.h"

namespace certferry::deploy {

// cert.pem, chain.pem, fullchain.pem (both), privkey.pem where there is a key, and one file more that tells about them.
struct PemFolder {
  std::string_view certificate;
  std::string_view chain;
  const Secret* key = nullptr;
  std::string_view extra_name;
  std::string_view extra_content;
};

// By make_complete_folder.
[[nodiscard]] Result<> make_pem_folder(FileSystem& files, const std::string& path, std::string_view suffix,
                                       const PemFolder& content, const KeyAccess& access);

// What is wrong with such a folder; nothing where it is whole. CF1601 (fatal): a file is damaged or missing, holds
// another certificate than the one with that SHA-256, or a key that does not belong to it. CF1605 (warning): the key has
// another owner, mode or access list than `access`.
[[nodiscard]] Findings verify_pem_folder(FileSystem& files, const std::string& path, std::string_view sha256,
                                         bool wants_key, const KeyAccess& access);

// A file of at most 4 MiB. CF1602 where there is none.
[[nodiscard]] Result<Secret> read_pem_file(FileSystem& files, const std::string& folder, std::string_view name);

}  // namespace certferry::deploy
