// The trust anchors of this computer: a PEM bundle, searched by subject without parsing the certificates in it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "x509/certificate.h"

namespace certferry::chain {

// Where Debian keeps the bundle; OpenSSL reads $SSL_CERT_FILE instead where that is set, and so should callers.
inline constexpr std::string_view kSystemTrustFile = "/etc/ssl/certs/ca-certificates.crt";

// Immutable; safe to use from several threads.
class SystemTrust {
 public:
  SystemTrust() = default;
  // Takes the whole file. Blocks that are no certificates are passed over.
  explicit SystemTrust(std::string bundle);

  // Certificates in the bundle, by their PEM blocks.
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  // Those with the subject, in the order of the file.
  [[nodiscard]] std::vector<x509::Certificate> find(const x509::Name& subject) const;
  // All of them, parsed.
  [[nodiscard]] std::vector<x509::Certificate> all() const;

 private:
  struct Entry {
    std::size_t hash;    // of the subject; equal subjects have equal hashes
    std::size_t offset;  // of the Base64 in bundle_
    std::size_t length;
  };
  [[nodiscard]] std::string_view base64_of(const Entry& entry) const;

  std::string bundle_;
  std::vector<Entry> entries_;  // by hash, then offset
};

}  // namespace certferry::chain
