// Collects what a file holds while it is read, and judges the whole at the end.
#pragma once

#include <map>
#include <string>

#include "container/budget.h"
#include "container/derived_keys.h"
#include "container/pbe.h"
#include "x509/bundle.h"

namespace certferry::container {

// Things that are no certificate and no private key; alone in a file each has its own message.
enum class Foreign {
  kRequest,
  kCrl,
  kPublicKey,
  kEcParameters,
  kParameters,  // DSA, DH
  kAttributeCertificate,
  kSecret,
  kOther,
};

class Contents {
 public:
  Contents(const ReadOptions& options, Budget& budget)
      : budget_(budget),
        passwords_(options.password),
        key_passwords_(options.key_password ? options.key_password : options.password),
        own_key_password_(options.key_password != nullptr) {}

  [[nodiscard]] Budget& budget() { return budget_; }
  [[nodiscard]] Passwords& passwords() { return passwords_; }
  // Those of the private keys: the file's own unless another one was given.
  [[nodiscard]] Passwords& key_passwords() { return own_key_password_ ? key_passwords_ : passwords_; }
  [[nodiscard]] DerivedKeys& derived_keys() { return derived_keys_; }
  [[nodiscard]] x509::Protection& protection() { return protection_; }
  void add_protection(const x509::Encryption& encryption);

  // A certificate's DER. CF1153 where it is none, CF1212 beyond the limits.
  [[nodiscard]] Result<> add_certificate(ByteView der, std::string friendly_name);
  // CF1150 to CF1152 from x509/private_key.h.
  [[nodiscard]] Result<> add_pkcs8(ByteView der, std::string friendly_name);
  [[nodiscard]] Result<> add_key(Result<x509::PrivateKey> key, std::string friendly_name);
  // EncryptedPrivateKeyInfo, normalized.
  [[nodiscard]] Result<> add_encrypted_pkcs8(ByteView der, std::string friendly_name, std::size_t depth);
  void add_foreign(Foreign kind, std::string name);
  void add_finding(Finding finding) { findings_.push_back(std::move(finding)); }

  // Everything, with keys matched to certificates. Errors as container/read.h says.
  [[nodiscard]] Result<x509::CertificateFile> finish(x509::FileFormat format) &&;

 private:
  [[nodiscard]] std::unexpected<Error> nothing_found() const;
  void match_keys(x509::CertificateFile& file) const;

  Budget& budget_;
  Passwords passwords_;
  Passwords key_passwords_;
  bool own_key_password_;
  DerivedKeys derived_keys_;
  x509::Protection protection_;
  std::vector<x509::FileCertificate> certificates_;
  std::vector<x509::FileKey> keys_;
  std::map<std::string, std::pair<Foreign, int>> foreign_;
  int duplicates_ = 0;
  Findings findings_;
};

}  // namespace certferry::container
