// The X.509 certificates that a fleet makes for itself, so that relay and computer know each other over TLS. All of P-256,
// signed with ECDSA and SHA-256. What a computer serves to others never comes from here.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "seal/own_key.h"
#include "x509/certificate.h"
namespace certferry::seal {

struct Validity {
  Time not_before{};
  Time not_after{};
};

// Errors of all: CF2202 where `key` is not of P-256, CF2203, CF2230 (kUsage) where names or dates cannot be written
// into a certificate.

// The fleet's CA: the root key, self-signed, "certferry fleet <first 16 digits of its fingerprint>". It issues servers'
// certificates only (path length 0).
[[nodiscard]] Result<x509::Certificate> make_ca(KeyRef root, const Validity& validity);

// What stands for the CA where only the root's public key is known, as with a join token: its name and its key, under a
// signature of `any` key. Nobody looks at the signature of a trust anchor (RFC 5280 section 6.1.1 (d)).
[[nodiscard]] Result<x509::Certificate> make_anchor(const x509::PublicKey& root, KeyRef any, const Validity& validity);

// What a computer shows to a relay. Its identity key may be in a device, which TLS libraries cannot ask, and signs one thing only:
// that another key, which is nowhere but in memory, speaks for it.
struct ClientIdentity {
  std::string certificates;  // PEM: that key's, and the identity key's, which issued it
  Secret key;  // PEM
};
// Their names and dates say nothing that anybody believes: the relay compares the identity key with the computer's statement.
[[nodiscard]] Result<ClientIdentity> make_identity(KeyRef identity, std::string_view fqdn, const Validity& validity);
// The identity key (SubjectPublicKeyInfo) behind the certificate that somebody spoke TLS with; nothing unless `issuer` signed it.
[[nodiscard]] std::optional<Bytes> identity_behind(const x509::Certificate& shown, const x509::Certificate& issuer);

// A relay's TLS server certificate. `names`: at least one; host names, or IP addresses in text ("192.0.2.1",
// "2001:db8::1"). It never outlives `ca`, which must be `root`'s.
[[nodiscard]] Result<x509::Certificate> issue_server(KeyRef root, const x509::Certificate& ca,
                                                     const x509::PublicKey& server, std::span<const std::string> names,
                                                     const Validity& validity);

}  // namespace certferry::seal
