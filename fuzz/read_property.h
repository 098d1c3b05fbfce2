// What must hold whatever octets container::read is given; shared by the targets, which differ in seeds and passwords.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>

#include "base/bytes.h"
#include "base/secret.h"
#include "container/read.h"

namespace certferry::fuzz {

inline void require(bool condition) {
  if (!condition) std::abort();
}

// Little enough that a second of derivation is an error of the budget, not a slow input.
inline container::ReadOptions small_options(const Secret& password) {
  container::ReadOptions options;
  options.password = &password;
  options.limits.kdf_iterations = 20'000;
  options.limits.scrypt_octets = 1u << 20;
  return options;
}

// Keys and certificates as PEM, in their order.
inline Secret written(const x509::CertificateFile& file) {
  Bytes text;
  for (const x509::FileCertificate& each : file.certificates) {
    const std::string pem = each.certificate.pem();
    text.insert(text.end(), pem.begin(), pem.end());
  }
  for (const x509::FileKey& each : file.keys) {
    const Secret pem = each.key.pem();
    const ByteView view = pem.view();
    text.insert(text.end(), view.begin(), view.end());
  }
  return Secret(std::move(text));
}

inline void same_content(const x509::CertificateFile& a, const x509::CertificateFile& b) {
  require(a.certificates.size() == b.certificates.size() && a.keys.size() == b.keys.size());
  for (std::size_t i = 0; i < a.certificates.size(); ++i) {
    require(a.certificates[i].certificate == b.certificates[i].certificate);
  }
  for (std::size_t i = 0; i < a.keys.size(); ++i) {
    require(equal(a.keys[i].key.pkcs8().view(), b.keys[i].key.pkcs8().view()));
    require(a.keys[i].certificate == b.keys[i].certificate);
  }
}

inline void read_holds(ByteView octets, std::string_view password_text) {
  const Secret password(password_text);
  const container::ReadOptions options = small_options(password);
  const auto file = container::read(octets, options);
  if (!file) {
    require(file.error().kind == ErrorKind::kRejected || file.error().kind == ErrorKind::kUnsupported);
    require(file.error().id.starts_with("CF1") && !file.error().message.empty());
    return;
  }
  require(!file->certificates.empty() || !file->keys.empty());
  require(file->certificates.size() <= options.limits.certificates && !file->description.empty());
  for (const x509::FileKey& each : file->keys)
    require(!each.certificate || *each.certificate < file->certificates.size());
  const Secret text = written(*file);
  const auto again = container::read(text.view(), options);
  require(again.has_value());
  same_content(*file, *again);
}

}  // namespace certferry::fuzz
