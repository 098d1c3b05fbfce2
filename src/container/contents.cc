#include "container/contents.h"

#include <algorithm>

#include "container/ber.h"
#include "x509/der.h"

namespace certferry::container {
namespace {

constexpr std::string_view kExportAdvice = "export the certificate together with its private key (PFX or PEM)";

bool is_pkcs8(ByteView plain) {
  der::Reader outer(plain);
  const auto sequence = outer.next(der::kSequence);
  if (!sequence) return false;
  der::Reader fields(sequence->content);
  return fields.next(der::kInteger) && fields.next(der::kSequence) && fields.next(der::kOctetString);
}

// Some writers put BER inside.
bool is_ber_pkcs8(ByteView plain) {
  const auto normalized = normalize(plain, 32);
  return normalized && is_pkcs8(normalized->der);
}

std::string count(std::size_t number, std::string_view what) {
  return std::to_string(number) + " " + std::string(what) + (number == 1 ? "" : "s");
}

std::string_view title(x509::FileFormat format) {
  switch (format) {
    case x509::FileFormat::kPkcs12: return "PFX (PKCS #12)";
    case x509::FileFormat::kPem: return "PEM";
    case x509::FileFormat::kDer: return "DER";
    case x509::FileFormat::kBase64: return "bare Base64";
    case x509::FileFormat::kPkcs7: return "PKCS #7 (P7B)";
    case x509::FileFormat::kJks: return "Java key store (JKS)";
  }
  return "PEM";
}

std::string describe(const x509::CertificateFile& file) {
  std::string text(title(file.format));
  text += " with ";
  if (!file.keys.empty()) text += count(file.keys.size(), "private key");
  if (!file.keys.empty() && !file.certificates.empty()) text += " and ";
  if (!file.certificates.empty()) text += count(file.certificates.size(), "certificate");
  std::string ciphers;
  for (const x509::Encryption& encryption : file.protection.encryptions) {
    if (ciphers.find(encryption.cipher) != std::string::npos) continue;
    ciphers += (ciphers.empty() ? "" : " and ") + encryption.cipher;
  }
  if (!ciphers.empty()) {
    text += ", encrypted with " + ciphers;
    const std::uint64_t iterations = file.protection.encryptions.front().iterations;
    if (!file.protection.encryptions.front().kdf.empty() && iterations > 0) {
      text += " (" + file.protection.encryptions.front().kdf + ", " + std::to_string(iterations) +
              (iterations == 1 ? " iteration)" : " iterations)");
    }
  } else {
    text += ", not encrypted";
  }
  if (file.protection.mac) text += ", authenticated with " + file.protection.mac->algorithm;
  return text;
}

}  // namespace

void Contents::add_protection(const x509::Encryption& encryption) {
  if (std::ranges::find(protection_.encryptions, encryption) == protection_.encryptions.end()) {
    protection_.encryptions.push_back(encryption);
  }
}

Result<> Contents::add_certificate(ByteView der, std::string friendly_name) {
  CERTFERRY_ASSIGN(x509::Certificate certificate, x509::Certificate::from_der(der));
  const Limits& limits = budget_.limits();
  if (certificate->subject_alt_names && certificate->subject_alt_names->size() > limits.names) {
    // It can be explained, but not imported.
    add_finding({"CF1241", Severity::kFatal,
                 "a certificate has " + std::to_string(certificate->subject_alt_names->size()) + " names, more than " +
                     std::to_string(limits.names),
                 "split the names over several certificates: clients read all of them in each handshake",
                 "certferry's limits"});
  }
  if (std::ranges::any_of(certificates_,
                          [&](const x509::FileCertificate& known) { return known.certificate == certificate; })) {
    ++duplicates_;
    return {};
  }
  if (certificates_.size() == limits.certificates) {
    return fail(ErrorKind::kRejected, "CF1212",
                "the file holds more than " + std::to_string(limits.certificates) + " certificates",
                "import the certificate and its chain alone, not a bundle of roots");
  }
  certificates_.push_back({std::move(certificate), std::move(friendly_name)});
  return {};
}

Result<> Contents::add_key(Result<x509::PrivateKey> key, std::string friendly_name) {
  if (!key) return std::unexpected(std::move(key).error());
  const auto same = [&](const x509::FileKey& known) { return known.key.public_key() == key->public_key(); };
  if (std::ranges::any_of(keys_, same)) {
    ++duplicates_;
    return {};
  }
  if (keys_.size() == budget_.limits().certificates) {
    return fail(ErrorKind::kRejected, "CF1212",
                "the file holds more than " + std::to_string(keys_.size()) + " private keys",
                "split it into files of one certificate each");
  }
  keys_.push_back({std::move(*key), std::nullopt, std::move(friendly_name)});
  return {};
}

Result<> Contents::add_pkcs8(ByteView der, std::string friendly_name) {
  return add_key(x509::PrivateKey::from_pkcs8(der), std::move(friendly_name));
}

Result<> Contents::add_encrypted_pkcs8(ByteView der, std::string friendly_name, std::size_t depth) {
  der::Reader outer(der);
  const auto sequence = outer.next(der::kSequence);
  der::Reader fields(sequence ? sequence->content : ByteView());
  const auto algorithm = fields.next(der::kSequence);
  const auto ciphertext = fields.next(der::kOctetString);
  if (!algorithm || !ciphertext) {
    return fail(ErrorKind::kRejected, "CF1208", "the file is damaged: an encrypted private key cannot be read",
                "export it again");
  }
  CERTFERRY_ASSIGN(const Scheme scheme, Scheme::parse(algorithm->whole));
  add_protection(scheme.explain("private key"));
  protection_.password_used = true;
  CERTFERRY_ASSIGN(const Secret plain,
                   decrypt(scheme, ciphertext->content, key_passwords(), is_ber_pkcs8, budget_, derived_keys_));
  CERTFERRY_ASSIGN(Normalized normalized, normalize(plain.view(), depth));
  const Secret clear(std::move(normalized.der));
  return add_pkcs8(clear.view(), std::move(friendly_name));
}

void Contents::add_foreign(Foreign kind, std::string name) {
  auto& entry = foreign_.try_emplace(std::move(name), kind, 0).first->second;
  ++entry.second;
}

std::unexpected<Error> Contents::nothing_found() const {
  const auto unsupported = [](std::string_view id, std::string_view message, std::string_view fix) {
    return fail(ErrorKind::kUnsupported, id, std::string(message), std::string(fix));
  };
  if (foreign_.empty()) {
    return fail(ErrorKind::kRejected, "CF1213", "there is no certificate and no private key in the file",
                std::string(kExportAdvice));
  }
  switch (foreign_.begin()->second.first) {
    case Foreign::kRequest:
      return unsupported("CF1220", "this is a certificate request, not a certificate",
                         "send it to your CA and import what it answers");
    case Foreign::kCrl:
      return fail(ErrorKind::kUnsupported, "CF1221", "this is a revocation list, not a certificate",
                  "use it with `certferry check --crl`");
    case Foreign::kPublicKey: return unsupported("CF1222", "this is a public key, not a certificate", kExportAdvice);
    case Foreign::kEcParameters:
      return unsupported("CF1223", "the file holds the parameters of a curve alone, no key and no certificate",
                         kExportAdvice);
    case Foreign::kParameters:
      return unsupported("CF1224", "the file holds DH or DSA parameters alone, no key and no certificate",
                         kExportAdvice);
    case Foreign::kAttributeCertificate:
      return unsupported("CF1225", "this is an attribute certificate, which has no key to serve with", kExportAdvice);
    case Foreign::kSecret:
      return unsupported("CF1226", "the file holds secrets of another kind, no certificate and no private key",
                         kExportAdvice);
    case Foreign::kOther:
      return unsupported("CF1227",
                         "the file holds \"" + foreign_.begin()->first + "\", no certificate and no private key",
                         kExportAdvice);
  }
  return unsupported("CF1227", "the file holds no certificate and no private key", kExportAdvice);
}

void Contents::match_keys(x509::CertificateFile& file) const {
  for (x509::FileKey& key : file.keys) {
    for (std::size_t i = 0; i < file.certificates.size(); ++i) {
      if (file.certificates[i].certificate->public_key == key.key.public_key()) {
        key.certificate = i;
        break;
      }
    }
  }
}

Result<x509::CertificateFile> Contents::finish(x509::FileFormat format) && {
  if (certificates_.empty() && keys_.empty()) return nothing_found();
  x509::CertificateFile file;
  file.format = format;
  file.protection = std::move(protection_);
  file.certificates = std::move(certificates_);
  file.keys = std::move(keys_);
  file.findings = std::move(findings_);
  match_keys(file);
  std::size_t matched = 0;
  for (const x509::FileKey& key : file.keys) matched += key.certificate ? 1 : 0;
  if (!file.keys.empty() && !file.certificates.empty() && matched == 0) {
    return fail(
        ErrorKind::kRejected, "CF1214", "the private key belongs to none of the certificates in the file",
        "take the key that the certificate was requested with, or have the certificate issued again for this key");
  }
  if (matched < file.keys.size() && !file.certificates.empty()) {
    file.findings.push_back({"CF1230", Severity::kWarning,
                             count(file.keys.size() - matched, "private key") + " in the file without a certificate",
                             "it is left out; import it with its certificate if you need it", "RFC 7292 section 4.2"});
  }
  if (file.keys.empty()) {
    file.findings.push_back(
        {"CF1231", Severity::kInfo, "there is no private key in the file", "", "RFC 7292 section 4.2"});
  }
  if (file.certificates.empty()) {
    file.findings.push_back({"CF1232", Severity::kWarning, "there is no certificate in the file, only a private key",
                             "import the certificate that belongs to it", "RFC 7292 section 4.2"});
  }
  if (duplicates_ > 0) {
    file.findings.push_back(
        {"CF1233", Severity::kInfo, count(static_cast<std::size_t>(duplicates_), "duplicate") + " left out", "", ""});
  }
  for (const auto& [name, entry] : foreign_) {
    file.findings.push_back(
        {"CF1234", Severity::kInfo, "left out: " + std::to_string(entry.second) + " x " + name, "", ""});
  }
  file.description = describe(file);
  return file;
}

}  // namespace certferry::container
