// Remembers which certificate was signed by which: the intermediates of a thousand files are verified once.
#pragma once

#include <array>
#include <cstring>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "x509/certificate.h"

namespace certferry::chain {

// Thread-safe. Holds at most kMaxEntries results and forgets all of them when it is full.
class SignatureCache {
 public:
  static constexpr std::size_t kMaxEntries = 65536;

  [[nodiscard]] std::optional<x509::SignatureStatus> find(const x509::CertificateFields& child,
                                                          const x509::CertificateFields& issuer) const {
    const std::scoped_lock lock(mutex_);
    const auto it = entries_.find(key(child, issuer));
    return it == entries_.end() ? std::nullopt : std::optional(it->second);
  }

  void put(const x509::CertificateFields& child, const x509::CertificateFields& issuer, x509::SignatureStatus status) {
    const std::scoped_lock lock(mutex_);
    if (entries_.size() >= kMaxEntries) entries_.clear();
    entries_.emplace(key(child, issuer), status);
  }

 private:
  // Both SHA-256 digests, of the whole certificates.
  using Key = std::array<std::uint8_t, 64>;
  struct Hash {
    std::size_t operator()(const Key& key) const {
      std::size_t child = 0;
      std::size_t issuer = 0;
      std::memcpy(&child, key.data(), sizeof child);
      std::memcpy(&issuer, key.data() + 32, sizeof issuer);
      return child ^ (issuer * 31);
    }
  };
  static Key key(const x509::CertificateFields& child, const x509::CertificateFields& issuer) {
    Key key;
    std::copy(child.sha256.begin(), child.sha256.end(), key.begin());
    std::copy(issuer.sha256.begin(), issuer.sha256.end(), key.begin() + 32);
    return key;
  }

  mutable std::mutex mutex_;
  std::unordered_map<Key, x509::SignatureStatus, Hash> entries_;
};

}  // namespace certferry::chain
