// The keys of a fleet: all of P-256. Computers have one that private keys are sealed to and one that they sign with;
// administrators and the root sign.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "x509/private_key.h"
#include "x509/public_key.h"

namespace certferry::seal {

[[nodiscard]] Result<x509::PrivateKey> make_key();
// Of that scalar (p256.h). CF2202.
[[nodiscard]] Result<x509::PrivateKey> key_of(const Secret& scalar);
// SHA-256 of the SubjectPublicKeyInfo, lower-case hex: the fleet's id where it is the root's.
[[nodiscard]] std::string fingerprint(ByteView spki);
// The first 32 digits of it: what signatures are found by.
[[nodiscard]] std::string key_id(ByteView spki);
// CF2201 where it is no key of P-256.
[[nodiscard]] Result<x509::PublicKey> read_key(ByteView spki);

// The key of that point (p256.h). CF2201 where it is none.
[[nodiscard]] Result<x509::PublicKey> key_at(ByteView point);

// As p256.h takes them. CF2201, CF2202 where the key is of another kind.
[[nodiscard]] Result<Bytes> point_of(const x509::PublicKey& key);
[[nodiscard]] Result<Secret> scalar_of(const x509::PrivateKey& key);

// ECDSA with SHA-256; an ECDSA-Sig-Value in DER (RFC 3279 section 2.2.3). CF2202, CF2203.
[[nodiscard]] Result<Bytes> sign(const x509::PrivateKey& key, ByteView message);
// A good one is remembered: asked again, it costs no arithmetic. Any number of threads.
[[nodiscard]] bool verifies(const x509::PublicKey& key, ByteView message, ByteView signature);

}  // namespace certferry::seal
