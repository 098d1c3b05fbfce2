// The keys that verify tokens, as verifiers fetch them: a JWK Set (RFC 7517). Pure: certificates in, text out.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "x509/certificate.h"
#include "x509/public_key.h"

namespace certferry::deploy {

struct PublishedCertificate {
  x509::Certificate leaf;
  std::vector<x509::Certificate> chain;  // intermediates from the issuer on, without the root
};

// The JWK thumbprint of RFC 7638 (SHA-256, base64url without padding): what `kid` is in the set, and what the issuer
// writes into the header of its tokens. RSA, P-256, P-384, P-521, Ed25519, Ed448; CF1652 for any other key.
[[nodiscard]] Result<std::string> key_id(const x509::PublicKey& key);

// {"keys":[…]} and a line feed, in the order given; a certificate whose key came before adds nothing, so that a renewal
// with the same key is no second entry. Each key has kty, use "sig", alg (RS256, PS256, ES256, ES384, ES512, EdDSA by the
// kind of key), kid, its parameters, x5c (certificate and intermediates) and x5t#S256. The same input gives the same
// octets. CF1652.
[[nodiscard]] Result<std::string> jwk_set(const std::vector<PublishedCertificate>& certificates);

}  // namespace certferry::deploy
