#include "container/pem.h"

#include <array>

#include "container/ber.h"
#include "container/pkcs12.h"
#include "container/pkcs7.h"
#include "x509/der.h"

namespace certferry::container {
namespace {

struct TraditionalCipher {
  std::string_view name;
  Cipher cipher;
  std::size_t key_size;
};
constexpr std::array kTraditionalCiphers = {
    TraditionalCipher{"DES-CBC", Cipher::kDesCbc, 8},      TraditionalCipher{"DES-EDE3-CBC", Cipher::kTripleDesCbc, 24},
    TraditionalCipher{"AES-128-CBC", Cipher::kAesCbc, 16}, TraditionalCipher{"AES-192-CBC", Cipher::kAesCbc, 24},
    TraditionalCipher{"AES-256-CBC", Cipher::kAesCbc, 32}, TraditionalCipher{"RC2-CBC", Cipher::kRc2Cbc, 16},
};

bool is_sequence(ByteView plain) {
  der::Reader reader(plain);
  return reader.next(der::kSequence) && reader.at_end();
}

// A traditional block after its "DEK-Info: AES-256-CBC,<iv>": the first 8 octets of the IV are the salt.
Result<Secret> decrypt_traditional(const PemBlock& block, Contents& contents) {
  const std::size_t comma = block.dek_info.find(',');
  const std::string name = block.dek_info.substr(0, comma);
  const auto iv = comma == std::string::npos ? std::nullopt : from_hex(block.dek_info.substr(comma + 1));
  const TraditionalCipher* cipher = nullptr;
  for (const TraditionalCipher& known : kTraditionalCiphers) {
    if (known.name == name) cipher = &known;
  }
  if (!cipher) {
    return fail(ErrorKind::kUnsupported, "CF1211", "the private key is encrypted with an unknown cipher: " + name,
                "convert it with `openssl pkcs8 -topk8`, or with the tool that made it");
  }
  if (!iv || iv->size() != iv_size(cipher->cipher)) {
    return fail(ErrorKind::kRejected, "CF1206", "the DEK-Info line of the private key is damaged",
                "copy the file again");
  }
  contents.add_protection({"private key", "DEK-Info", name, "MD5", "", 1});
  contents.protection().password_used = true;
  for (const Passwords::Candidate& candidate : contents.key_passwords().candidates()) {
    const Secret key = pem_key(candidate.utf8.view(), ByteView(*iv).first(8), cipher->key_size);
    auto plain = decrypt(cipher->cipher, key.view(), *iv, block.der.view());
    if (plain && is_sequence(plain->view())) return std::move(*plain);
  }
  return contents.key_passwords().wrong();
}

Result<Secret> normalized(ByteView ber, Contents& contents) {
  CERTFERRY_ASSIGN(Normalized result, normalize(ber, contents.budget().limits().depth));
  return Secret(std::move(result.der));
}

std::optional<Foreign> foreign(std::string_view label) {
  if (label.ends_with("CERTIFICATE REQUEST")) return Foreign::kRequest;
  if (label.ends_with("CRL")) return Foreign::kCrl;
  if (label.ends_with("PUBLIC KEY")) return Foreign::kPublicKey;
  if (label == "EC PARAMETERS") return Foreign::kEcParameters;
  if (label.ends_with("PARAMETERS")) return Foreign::kParameters;
  if (label == "ATTRIBUTE CERTIFICATE") return Foreign::kAttributeCertificate;
  return std::nullopt;
}

Result<> read_key(const PemBlock& block, Contents& contents) {
  const Secret* bytes = &block.der;
  std::optional<Secret> plain;
  if (!block.dek_info.empty()) {
    CERTFERRY_ASSIGN(plain, decrypt_traditional(block, contents));
    bytes = &*plain;
  }
  CERTFERRY_ASSIGN(const Secret der, normalized(bytes->view(), contents));
  if (block.label == "RSA PRIVATE KEY") {
    auto key = x509::PrivateKey::from_pkcs1(der.view());
    // Some tools write PKCS#8 under the old label.
    if (!key && key.error().id == "CF1150") {
      if (auto pkcs8 = x509::PrivateKey::from_pkcs8(der.view())) return contents.add_key(std::move(pkcs8), "");
    }
    return contents.add_key(std::move(key), "");
  }
  if (block.label == "EC PRIVATE KEY") {
    auto key = x509::PrivateKey::from_sec1(der.view());
    if (!key && key.error().id == "CF1150") {
      if (auto pkcs8 = x509::PrivateKey::from_pkcs8(der.view())) return contents.add_key(std::move(pkcs8), "");
    }
    return contents.add_key(std::move(key), "");
  }
  return contents.add_pkcs8(der.view(), "");
}

Result<> read_block(const PemBlock& block, Contents& contents) {
  const std::string& label = block.label;
  if (block.mismatched) {
    contents.add_finding({"CF1242", Severity::kWarning,
                          "a PEM block (" + label + ") ends with another label than it begins with",
                          "it is left out; copy the file again if something is missing", "RFC 7468 section 3"});
    return {};
  }
  if (label == "CERTIFICATE" || label == "X509 CERTIFICATE") {
    // In the old days trust data could follow under this label, too; only its own element is the certificate.
    return contents.add_certificate(block.der.view(), "");
  }
  if (label == "TRUSTED CERTIFICATE") {
    const auto first = der::Reader(block.der.view()).next(der::kSequence);
    return contents.add_certificate(first ? first->whole : block.der.view(), "");
  }
  if (label == "ENCRYPTED PRIVATE KEY") {
    CERTFERRY_ASSIGN(const Secret der, normalized(block.der.view(), contents));
    return contents.add_encrypted_pkcs8(der.view(), "", contents.budget().limits().depth);
  }
  if (label == "PRIVATE KEY" || label == "RSA PRIVATE KEY" || label == "EC PRIVATE KEY")
    return read_key(block, contents);
  if (label == "OPENSSH PRIVATE KEY" || label == "SSH2 ENCRYPTED PRIVATE KEY") {
    return fail(ErrorKind::kUnsupported, "CF1228", "this is an SSH key, not a certificate",
                "export the TLS certificate with its private key");
  }
  if (label.ends_with("PRIVATE KEY") && label != "ANY PRIVATE KEY") {
    const std::string kind = label.size() > 12 ? label.substr(0, label.size() - 12) : label;
    return fail(ErrorKind::kUnsupported, "CF1152", "private keys of the kind " + kind + " are not imported",
                "use RSA, RSA-PSS, EC on P-256, P-384 or P-521, Ed25519 or Ed448");
  }
  if (label == "CMS") {
    return fail(ErrorKind::kRejected, "CF1215", "this is a signed message (CMS), no list of certificates",
                "export the certificates as P7B or as PEM");
  }
  if (label == "PKCS7" || label == "PKCS #7 SIGNED DATA") {
    CERTFERRY_ASSIGN(const Secret der, normalized(block.der.view(), contents));
    return read_pkcs7(der.view(), contents);
  }
  if (label == "PKCS12" || label == "PFX") {
    CERTFERRY_ASSIGN(const Secret der, normalized(block.der.view(), contents));
    return read_pkcs12(der.view(), contents);
  }
  if (label.starts_with("PGP ")) {
    return fail(ErrorKind::kUnsupported, "CF1229", "this is an OpenPGP key or message, not a certificate",
                "export the TLS certificate with its private key");
  }
  contents.add_foreign(foreign(label).value_or(Foreign::kOther), label);
  return {};
}

// Sums up the key derivation of all encrypted keys before any of it is done. What cannot be read here is told when its
// block is.
Result<> charge_in_advance(const std::vector<PemBlock>& blocks, Contents& contents) {
  Budget trial = contents.budget();
  for (const PemBlock& block : blocks) {
    if (block.mismatched || block.label != "ENCRYPTED PRIVATE KEY") continue;
    const auto der = normalize(block.der.view(), trial.limits().depth);
    const auto key = der ? der::Reader(der->der).next(der::kSequence) : std::nullopt;
    const auto algorithm = key ? der::Reader(key->content).next(der::kSequence) : std::nullopt;
    const auto scheme = algorithm ? std::optional(Scheme::parse(algorithm->whole)) : std::nullopt;
    if (scheme && *scheme) CERTFERRY_TRY((*scheme)->charge(trial));
  }
  return {};
}

}  // namespace

Result<> read_pem(const std::vector<PemBlock>& blocks, Contents& contents) {
  CERTFERRY_TRY(charge_in_advance(blocks, contents));
  for (const PemBlock& block : blocks) CERTFERRY_TRY(read_block(block, contents));
  return {};
}

}  // namespace certferry::container
