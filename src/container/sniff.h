// What a file is, by its first octets and its structure.
#pragma once

#include "base/bytes.h"

namespace certferry::container {

enum class Shape {
  kEmpty,
  kPkcs12,
  kPkcs7,
  kCertificate,
  kRequest,
  kCrl,
  kPkcs8,
  kEncryptedPkcs8,
  kPkcs1,
  kSec1,
  kDsaKey,
  kSpki,        // a public key
  kRsaPublic,   // RSAPublicKey alone
  kPkiPath,     // a SEQUENCE of certificates
  kDerUnknown,  // a SEQUENCE of something else
  kJks,
  kJceks,
  kBksOrUber,
  kBcfks,
  kPvk,         // Microsoft's PVK or key blob
  kKdb,         // IBM's key database
  kOpenPgp,
  kSsh,
  kHtml,
  kJwk,         // JSON Web Key, or a JOSE object
  kSpkac,       // a Netscape request
  kText,        // perhaps PEM or Base64
  kUnknown,
};

// `der` is the normalized first element where the file begins with a SEQUENCE, else empty.
[[nodiscard]] Shape sniff(ByteView file, ByteView der);

}  // namespace certferry::container
