// Object identifiers as their content octets (X.690 section 8.19): compared without decoding.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace certferry::x509 {

using Oid = std::string_view;

[[nodiscard]] inline Oid to_oid(ByteView content) { return as_text(content); }

// "1.2.840.113549.1.1.1"; "?" followed by hex where the octets are no OBJECT IDENTIFIER.
[[nodiscard]] std::string dotted(Oid oid);
// The octets of a dotted identifier; empty where it is none.
[[nodiscard]] std::string oid_from_dotted(std::string_view dotted);
// What people call it ("CN", "serverAuth", "RSA", "SHA-256 with RSA"); its dotted form where it has no name here.
[[nodiscard]] std::string oid_name(Oid oid);

namespace oid {
using namespace std::string_view_literals;

// Keys.
inline constexpr Oid kRsaEncryption = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"sv;
inline constexpr Oid kRsaPss = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"sv;
inline constexpr Oid kEcPublicKey = "\x2a\x86\x48\xce\x3d\x02\x01"sv;
inline constexpr Oid kDsa = "\x2a\x86\x48\xce\x38\x04\x01"sv;
inline constexpr Oid kEd25519 = "\x2b\x65\x70"sv;
inline constexpr Oid kEd448 = "\x2b\x65\x71"sv;
inline constexpr Oid kX25519 = "\x2b\x65\x6e"sv;
inline constexpr Oid kX448 = "\x2b\x65\x6f"sv;

// Curves.
inline constexpr Oid kP256 = "\x2a\x86\x48\xce\x3d\x03\x01\x07"sv;
inline constexpr Oid kP384 = "\x2b\x81\x04\x00\x22"sv;
inline constexpr Oid kP521 = "\x2b\x81\x04\x00\x23"sv;
inline constexpr Oid kP224 = "\x2b\x81\x04\x00\x21"sv;
inline constexpr Oid kSecp256k1 = "\x2b\x81\x04\x00\x0a"sv;

// Digests.
inline constexpr Oid kMd5 = "\x2a\x86\x48\x86\xf7\x0d\x02\x05"sv;
inline constexpr Oid kSha1 = "\x2b\x0e\x03\x02\x1a"sv;
inline constexpr Oid kSha224 = "\x60\x86\x48\x01\x65\x03\x04\x02\x04"sv;
inline constexpr Oid kSha256 = "\x60\x86\x48\x01\x65\x03\x04\x02\x01"sv;
inline constexpr Oid kSha384 = "\x60\x86\x48\x01\x65\x03\x04\x02\x02"sv;
inline constexpr Oid kSha512 = "\x60\x86\x48\x01\x65\x03\x04\x02\x03"sv;

// Signatures.
inline constexpr Oid kMd2WithRsa = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x02"sv;
inline constexpr Oid kMd5WithRsa = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04"sv;
inline constexpr Oid kSha1WithRsa = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"sv;
inline constexpr Oid kSha224WithRsa = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0e"sv;
inline constexpr Oid kSha256WithRsa = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"sv;
inline constexpr Oid kSha384WithRsa = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"sv;
inline constexpr Oid kSha512WithRsa = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"sv;
inline constexpr Oid kSha1WithEcdsa = "\x2a\x86\x48\xce\x3d\x04\x01"sv;
inline constexpr Oid kSha224WithEcdsa = "\x2a\x86\x48\xce\x3d\x04\x03\x01"sv;
inline constexpr Oid kSha256WithEcdsa = "\x2a\x86\x48\xce\x3d\x04\x03\x02"sv;
inline constexpr Oid kSha384WithEcdsa = "\x2a\x86\x48\xce\x3d\x04\x03\x03"sv;
inline constexpr Oid kSha512WithEcdsa = "\x2a\x86\x48\xce\x3d\x04\x03\x04"sv;
inline constexpr Oid kSha1WithDsa = "\x2a\x86\x48\xce\x38\x04\x03"sv;
inline constexpr Oid kSha256WithDsa = "\x60\x86\x48\x01\x65\x03\x04\x03\x02"sv;
inline constexpr Oid kMgf1 = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08"sv;

// Attributes of names (X.520, RFC 4519).
inline constexpr Oid kCommonName = "\x55\x04\x03"sv;
inline constexpr Oid kSurname = "\x55\x04\x04"sv;
inline constexpr Oid kSerialNumber = "\x55\x04\x05"sv;
inline constexpr Oid kCountry = "\x55\x04\x06"sv;
inline constexpr Oid kLocality = "\x55\x04\x07"sv;
inline constexpr Oid kState = "\x55\x04\x08"sv;
inline constexpr Oid kStreet = "\x55\x04\x09"sv;
inline constexpr Oid kOrganization = "\x55\x04\x0a"sv;
inline constexpr Oid kOrganizationalUnit = "\x55\x04\x0b"sv;
inline constexpr Oid kTitle = "\x55\x04\x0c"sv;
inline constexpr Oid kPostalCode = "\x55\x04\x11"sv;
inline constexpr Oid kGivenName = "\x55\x04\x2a"sv;
inline constexpr Oid kInitials = "\x55\x04\x2b"sv;
inline constexpr Oid kDnQualifier = "\x55\x04\x2e"sv;
inline constexpr Oid kOrganizationIdentifier = "\x55\x04\x61"sv;
inline constexpr Oid kBusinessCategory = "\x55\x04\x0f"sv;
inline constexpr Oid kEmailAddress = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"sv;
inline constexpr Oid kDomainComponent = "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19"sv;
inline constexpr Oid kUserId = "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01"sv;
inline constexpr Oid kJurisdictionLocality = "\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x01"sv;
inline constexpr Oid kJurisdictionState = "\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x02"sv;
inline constexpr Oid kJurisdictionCountry = "\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x03"sv;

// Extensions (RFC 5280 section 4.2).
inline constexpr Oid kSubjectKeyIdentifier = "\x55\x1d\x0e"sv;
inline constexpr Oid kKeyUsage = "\x55\x1d\x0f"sv;
inline constexpr Oid kSubjectAltName = "\x55\x1d\x11"sv;
inline constexpr Oid kIssuerAltName = "\x55\x1d\x12"sv;
inline constexpr Oid kBasicConstraints = "\x55\x1d\x13"sv;
inline constexpr Oid kNameConstraints = "\x55\x1d\x1e"sv;
inline constexpr Oid kCrlDistributionPoints = "\x55\x1d\x1f"sv;
inline constexpr Oid kCertificatePolicies = "\x55\x1d\x20"sv;
inline constexpr Oid kPolicyMappings = "\x55\x1d\x21"sv;
inline constexpr Oid kAuthorityKeyIdentifier = "\x55\x1d\x23"sv;
inline constexpr Oid kPolicyConstraints = "\x55\x1d\x24"sv;
inline constexpr Oid kExtendedKeyUsage = "\x55\x1d\x25"sv;
inline constexpr Oid kInhibitAnyPolicy = "\x55\x1d\x36"sv;
inline constexpr Oid kAuthorityInfoAccess = "\x2b\x06\x01\x05\x05\x07\x01\x01"sv;
inline constexpr Oid kTlsFeature = "\x2b\x06\x01\x05\x05\x07\x01\x18"sv;
inline constexpr Oid kSignedCertificateTimestamps = "\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x02"sv;
inline constexpr Oid kPrecertificatePoison = "\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x03"sv;
inline constexpr Oid kAccessOcsp = "\x2b\x06\x01\x05\x05\x07\x30\x01"sv;
inline constexpr Oid kAccessCaIssuers = "\x2b\x06\x01\x05\x05\x07\x30\x02"sv;

// Extended key usages.
inline constexpr Oid kAnyExtendedKeyUsage = "\x55\x1d\x25\x00"sv;
inline constexpr Oid kServerAuth = "\x2b\x06\x01\x05\x05\x07\x03\x01"sv;
inline constexpr Oid kClientAuth = "\x2b\x06\x01\x05\x05\x07\x03\x02"sv;
inline constexpr Oid kCodeSigning = "\x2b\x06\x01\x05\x05\x07\x03\x03"sv;
inline constexpr Oid kEmailProtection = "\x2b\x06\x01\x05\x05\x07\x03\x04"sv;
inline constexpr Oid kTimeStamping = "\x2b\x06\x01\x05\x05\x07\x03\x08"sv;
inline constexpr Oid kOcspSigning = "\x2b\x06\x01\x05\x05\x07\x03\x09"sv;
}  // namespace oid

}  // namespace certferry::x509
