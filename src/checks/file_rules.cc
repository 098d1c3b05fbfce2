#include <fmt/format.h>

#include "checks/rules.h"

namespace certferry::checks {

void weak_cipher(const Context& context, Reporter& report) {
  if (!context.protection) return;
  for (const x509::Encryption& encryption : context.protection->encryptions) {
    std::string_view cipher = encryption.cipher;
    // 3DES is slow and old, but nobody decrypts it without the password: not said on every file of the last decade.
    bool weak = cipher.starts_with("RC2") || cipher.starts_with("RC4") || cipher.starts_with("DES-CBC");
    if (weak) report.add(fmt::format("the {} of the file: {} is a weak cipher", encryption.what, cipher));
  }
}

void few_iterations(const Context& context, Reporter& report) {
  if (!context.protection) return;
  constexpr std::uint64_t kLeast = 1000;
  auto weak = [](std::string_view what, std::uint64_t count) {
    return fmt::format("{} with {} iteration{} of the key derivation: passwords can be tried fast", what, count,
                       count == 1 ? "" : "s");
  };
  for (const x509::Encryption& encryption : context.protection->encryptions) {
    bool counted = encryption.kdf == "PBKDF2" || encryption.kdf == "PKCS12KDF" || encryption.kdf == "MD5";
    if (counted && encryption.iterations < kLeast) {
      report.add(weak("the " + encryption.what + " of the file: encrypted", encryption.iterations));
    }
  }
  const auto& mac = context.protection->mac;
  if (mac && !mac->kdf.empty() && mac->iterations < kLeast) {
    report.add(weak("the file: authenticated", mac->iterations));
  }
}

void no_mac(const Context& context, Reporter& report) {
  if (context.file_format == x509::FileFormat::kPkcs12 && context.protection && !context.protection->mac) {
    report.add("the PFX has no MAC: a change on its way would not be noticed");
  }
}

void key_unprotected(const Context& context, Reporter& report) {
  if (context.private_key && context.protection && !context.protection->password_used) {
    report.add("the private key lay in the file without a password");
  }
}

}  // namespace certferry::checks
