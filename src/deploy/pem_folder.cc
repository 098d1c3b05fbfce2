#include "deploy/pem_folder.h"

#include <unistd.h>

#include "x509/certificate.h"
#include "x509/private_key.h"

namespace certferry::deploy {
namespace {

constexpr std::size_t kMaxFile = std::size_t{4} << 20;
constexpr FileAccess kPublic = {.mode = 0644, .group = std::nullopt, .readers = {}};
// Services reach their key through its folder; what is secret is the key file alone.
constexpr unsigned kFolderMode = 0755;

// The bytes of a text that is one PEM block and nothing else, as certferry writes it.
std::optional<Bytes> one_block(std::string_view text, std::string_view label) {
  const std::string begin = "-----BEGIN " + std::string(label) + "-----\n";
  const std::string end = "-----END " + std::string(label) + "-----\n";
  if (!text.starts_with(begin) || !text.ends_with(end) || text.size() < begin.size() + end.size()) return std::nullopt;
  text.remove_prefix(begin.size());
  text.remove_suffix(end.size());
  return from_base64(text);
}

class Verifier {
 public:
  Verifier(FileSystem& files, const std::string& path) : files_(files), path_(path) {}

  void run(std::string_view sha256, bool wants_key, const KeyAccess& access) {
    const auto certificate = text("cert.pem");
    const auto chain = text("chain.pem");
    const auto full_chain = text("fullchain.pem");
    if (certificate && chain && full_chain &&
        full_chain->text() != std::string(certificate->text()) + std::string(chain->text())) {
      damaged("fullchain.pem", "is not cert.pem followed by chain.pem");
    }
    if (!certificate) return;
    const auto der = one_block(certificate->text(), "CERTIFICATE");
    const auto parsed = x509::Certificate::from_der(der.value_or(Bytes()));
    if (!parsed) return damaged("cert.pem", "is damaged: it is no certificate");
    if (parsed->sha256_hex() != sha256) return damaged("cert.pem", "holds another certificate than it should");
    if (wants_key) check_key((*parsed)->public_key, access);
  }

  Findings findings;

 private:
  std::optional<Secret> text(std::string_view name) {
    Result<Secret> content = read_pem_file(files_, path_, name);
    if (content) return std::move(*content);
    damaged("", content.error().message);
    return std::nullopt;
  }

  void check_key(const x509::PublicKey& wanted, const KeyAccess& access) {
    const auto content = text("privkey.pem");
    if (!content) return;
    auto der = one_block(content->text(), "PRIVATE KEY");
    const Secret bytes = der ? Secret(std::move(*der)) : Secret();
    const auto key = x509::PrivateKey::from_pkcs8(bytes.view());
    if (!key) return damaged("privkey.pem", "is damaged: " + key.error().message);
    if (!(key->public_key() == wanted)) return damaged("privkey.pem", "does not belong to cert.pem");
    const std::string path = path_ + "/privkey.pem";
    const auto same = has_access(files_, path, access);
    const auto status = files_.status(path);
    if (same && *same && status && *status && (*status)->owner == ::geteuid()) return;
    findings.push_back({"CF1605", Severity::kWarning,
                        same ? path + " may be read by others than it should" : same.error().message,
                        "import the certificate again, which sets it right, and find out who changed it",
                        "contract, PrivateKeyExportable"});
  }

  void damaged(std::string_view name, std::string_view what) {
    const std::string where = name.empty() ? std::string() : path_ + "/" + std::string(name) + " ";
    findings.push_back({"CF1601", Severity::kFatal, where + std::string(what),
                        "find out who changed it; move the folder away and import the certificate again",
                        "docs/formats/home.md"});
  }

  FileSystem& files_;
  const std::string& path_;
};

}  // namespace

Result<> make_pem_folder(FileSystem& files, const std::string& path, std::string_view suffix, const PemFolder& content,
                         const KeyAccess& access) {
  const std::string full_chain = std::string(content.certificate) + std::string(content.chain);
  std::vector<NewFile> list = {{"cert.pem", as_bytes(content.certificate), kPublic},
                               {"chain.pem", as_bytes(content.chain), kPublic},
                               {"fullchain.pem", as_bytes(full_chain), kPublic},
                               {std::string(content.extra_name), as_bytes(content.extra_content), kPublic}};
  if (content.key) list.push_back({"privkey.pem", content.key->view(), access});
  return make_complete_folder(files, path, suffix, list, kFolderMode);
}

Findings verify_pem_folder(FileSystem& files, const std::string& path, std::string_view sha256, bool wants_key,
                           const KeyAccess& access) {
  Verifier verifier(files, path);
  verifier.run(sha256, wants_key, access);
  return std::move(verifier.findings);
}

Result<Secret> read_pem_file(FileSystem& files, const std::string& folder, std::string_view name) {
  auto content = files.read(folder + "/" + std::string(name), kMaxFile);
  if (!content && content.error().id == "CF1114") {
    return fail(ErrorKind::kFailed, "CF1602", folder + " lacks " + std::string(name), "import the certificate again");
  }
  return content;
}

}  // namespace certferry::deploy
