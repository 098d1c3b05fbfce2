// What came out of a certificate file, explained. container/ makes it, commands/ hands it on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/finding.h"
#include "x509/certificate.h"
#include "x509/private_key.h"

namespace certferry::x509 {

enum class FileFormat { kPkcs12, kPem, kDer, kBase64, kPkcs7, kJks };

// "pkcs12", "pem", "der", "base64", "pkcs7", "jks": as in JSON.
[[nodiscard]] std::string_view name_of(FileFormat format);

// How one part of the file is encrypted.
struct Encryption {
  std::string what;     // "certificates", "private key"
  std::string scheme;   // "PBES2", "PBES1", "DEK-Info", "JKS"
  std::string cipher;   // "AES-256-CBC", "RC2-40-CBC", "3DES-CBC"
  std::string kdf;      // "PBKDF2", "PKCS12KDF", "scrypt", "MD5"
  std::string prf;      // "HMAC-SHA256", "SHA-1"; empty for scrypt
  std::uint64_t iterations = 0;  // scrypt: N

  bool operator==(const Encryption&) const = default;
};

struct Mac {
  std::string algorithm;  // "HMAC-SHA256", "PBMAC1 HMAC-SHA512", "SHA-1" for JKS
  std::string kdf;        // "PKCS12KDF", "PBKDF2"
  std::uint64_t iterations = 0;

  bool operator==(const Mac&) const = default;
};

struct Protection {
  std::vector<Encryption> encryptions;  // each distinct one once, in file order
  std::optional<Mac> mac;
  bool password_used = false;  // some part needed the password (an empty one counts as none)

  bool operator==(const Protection&) const = default;
};

struct FileKey {
  PrivateKey key;
  std::optional<std::size_t> certificate;  // index into certificates of the one with the same public key
  std::string friendly_name;               // UTF-8, may be empty
};

struct FileCertificate {
  Certificate certificate;
  std::string friendly_name;  // UTF-8, may be empty
};

// A file that could be read. Certificates in the order of the file, each distinct one once.
struct CertificateFile {
  FileFormat format = FileFormat::kPem;
  // One sentence for people: "PFX (PKCS #12) with 1 private key and 3 certificates, protected with AES-256-CBC …".
  std::string description;
  Protection protection;
  std::vector<FileCertificate> certificates;
  std::vector<FileKey> keys;
  // What was reordered, dropped as duplicate, left out, weakly protected: ids CF12xx, severity info or warning.
  Findings findings;
};

}  // namespace certferry::x509
