// The private keys that a computer or an administrator has in the fleet, wherever they are: octets in memory, or a device that
// never gives them out (a PKCS #11 token, a TPM). All of P-256.
#pragma once

#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "x509/private_key.h"
#include "x509/public_key.h"

namespace certferry::seal {

// A key in a device. Any number of threads; a call waits for the device.
class DeviceKey {
 public:
  DeviceKey() = default;
  DeviceKey(const DeviceKey&) = delete;
  DeviceKey& operator=(const DeviceKey&) = delete;
  virtual ~DeviceKey() = default;
  [[nodiscard]] virtual const x509::PublicKey& public_key() const = 0;
  // Both as in KeyRef. CF2235 (kFailed) where the device does not do it.
  [[nodiscard]] virtual Result<Bytes> sign(ByteView message) const = 0;
  [[nodiscard]] virtual Result<Secret> diffie_hellman(ByteView point) const = 0;
};

// What is done with one of the two kinds. A view: it lives no longer than the key.
class KeyRef {
 public:
  KeyRef(const x509::PrivateKey& key) : memory_(&key) {}  // NOLINT(google-explicit-constructor): either is a key
  KeyRef(const DeviceKey& key) : device_(&key) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] const x509::PublicKey& public_key() const;
  // ECDSA with SHA-256; an ECDSA-Sig-Value in DER (RFC 3279 section 2.2.3). CF2202, CF2203, CF2235.
  [[nodiscard]] Result<Bytes> sign(ByteView message) const;
  // The x coordinate of key · point, 32 octets. CF2201 where `point` (p256.h) is none, CF2202, CF2203, CF2235.
  [[nodiscard]] Result<Secret> diffie_hellman(ByteView point) const;

 private:
  const x509::PrivateKey* memory_ = nullptr;
  const DeviceKey* device_ = nullptr;
};

// Owns it. Move-only.
class OwnKey {
 public:
  OwnKey(x509::PrivateKey key) : memory_(std::move(key)) {}  // NOLINT(google-explicit-constructor)
  OwnKey(std::unique_ptr<DeviceKey> key)
      : device_(std::move(key)) {}  // NOLINT(google-explicit-constructor): never null

  operator KeyRef() const {
    return memory_ ? KeyRef(*memory_) : KeyRef(*device_);
  }  // NOLINT(google-explicit-constructor)
  [[nodiscard]] const x509::PublicKey& public_key() const { return KeyRef(*this).public_key(); }
  // Null where a device has it.
  [[nodiscard]] const x509::PrivateKey* in_memory() const { return memory_ ? &*memory_ : nullptr; }

 private:
  std::optional<x509::PrivateKey> memory_;
  std::unique_ptr<DeviceKey> device_;
};

}  // namespace certferry::seal
