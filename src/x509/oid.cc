#include "x509/oid.h"

#include <array>
#include <charconv>

namespace certferry::x509 {
namespace {

struct NamedOid {
  Oid oid;
  std::string_view name;
};

constexpr std::array kNames = {
    NamedOid{oid::kRsaEncryption, "RSA"},
    NamedOid{oid::kRsaPss, "RSA-PSS"},
    NamedOid{oid::kEcPublicKey, "EC"},
    NamedOid{oid::kDsa, "DSA"},
    NamedOid{oid::kEd25519, "Ed25519"},
    NamedOid{oid::kEd448, "Ed448"},
    NamedOid{oid::kX25519, "X25519"},
    NamedOid{oid::kX448, "X448"},
    NamedOid{oid::kP224, "P-224"},
    NamedOid{oid::kP256, "P-256"},
    NamedOid{oid::kP384, "P-384"},
    NamedOid{oid::kP521, "P-521"},
    NamedOid{oid::kSecp256k1, "secp256k1"},
    NamedOid{oid::kMd5, "MD5"},
    NamedOid{oid::kSha1, "SHA-1"},
    NamedOid{oid::kSha224, "SHA-224"},
    NamedOid{oid::kSha256, "SHA-256"},
    NamedOid{oid::kSha384, "SHA-384"},
    NamedOid{oid::kSha512, "SHA-512"},
    NamedOid{oid::kCommonName, "CN"},
    NamedOid{oid::kSurname, "SN"},
    NamedOid{oid::kSerialNumber, "SERIALNUMBER"},
    NamedOid{oid::kCountry, "C"},
    NamedOid{oid::kLocality, "L"},
    NamedOid{oid::kState, "S"},
    NamedOid{oid::kStreet, "STREET"},
    NamedOid{oid::kOrganization, "O"},
    NamedOid{oid::kOrganizationalUnit, "OU"},
    NamedOid{oid::kTitle, "T"},
    NamedOid{oid::kPostalCode, "PostalCode"},
    NamedOid{oid::kGivenName, "G"},
    NamedOid{oid::kInitials, "I"},
    NamedOid{oid::kDnQualifier, "dnQualifier"},
    NamedOid{oid::kOrganizationIdentifier, "organizationIdentifier"},
    NamedOid{oid::kBusinessCategory, "businessCategory"},
    NamedOid{oid::kEmailAddress, "E"},
    NamedOid{oid::kDomainComponent, "DC"},
    NamedOid{oid::kUserId, "UID"},
    NamedOid{oid::kJurisdictionLocality, "jurisdictionL"},
    NamedOid{oid::kJurisdictionState, "jurisdictionST"},
    NamedOid{oid::kJurisdictionCountry, "jurisdictionC"},
    NamedOid{oid::kSubjectKeyIdentifier, "subjectKeyIdentifier"},
    NamedOid{oid::kKeyUsage, "keyUsage"},
    NamedOid{oid::kSubjectAltName, "subjectAltName"},
    NamedOid{oid::kIssuerAltName, "issuerAltName"},
    NamedOid{oid::kBasicConstraints, "basicConstraints"},
    NamedOid{oid::kNameConstraints, "nameConstraints"},
    NamedOid{oid::kCrlDistributionPoints, "cRLDistributionPoints"},
    NamedOid{oid::kCertificatePolicies, "certificatePolicies"},
    NamedOid{oid::kPolicyMappings, "policyMappings"},
    NamedOid{oid::kAuthorityKeyIdentifier, "authorityKeyIdentifier"},
    NamedOid{oid::kPolicyConstraints, "policyConstraints"},
    NamedOid{oid::kExtendedKeyUsage, "extKeyUsage"},
    NamedOid{oid::kInhibitAnyPolicy, "inhibitAnyPolicy"},
    NamedOid{oid::kAuthorityInfoAccess, "authorityInfoAccess"},
    NamedOid{oid::kTlsFeature, "TLS feature"},
    NamedOid{oid::kSignedCertificateTimestamps, "signed certificate timestamps"},
    NamedOid{oid::kPrecertificatePoison, "precertificate poison"},
    NamedOid{oid::kAnyExtendedKeyUsage, "anyExtendedKeyUsage"},
    NamedOid{oid::kServerAuth, "serverAuth"},
    NamedOid{oid::kClientAuth, "clientAuth"},
    NamedOid{oid::kCodeSigning, "codeSigning"},
    NamedOid{oid::kEmailProtection, "emailProtection"},
    NamedOid{oid::kTimeStamping, "timeStamping"},
    NamedOid{oid::kOcspSigning, "OCSPSigning"},
};

}  // namespace

std::string dotted(Oid oid) {
  std::string text;
  std::uint64_t arc = 0;
  bool first = true;
  bool pending = false;
  for (char octet : oid) {
    const auto value = static_cast<std::uint8_t>(octet);
    if (arc > (UINT64_MAX >> 7)) return "?" + hex_lower(as_bytes(oid));
    arc = arc << 7 | (value & 0x7f);
    pending = (value & 0x80) != 0;
    if (pending) continue;
    if (first) {
      const std::uint64_t root = arc < 40 ? 0 : arc < 80 ? 1 : 2;
      text = std::to_string(root) + "." + std::to_string(arc - 40 * root);
      first = false;
    } else {
      text += "." + std::to_string(arc);
    }
    arc = 0;
  }
  return pending || text.empty() ? "?" + hex_lower(as_bytes(oid)) : text;
}

std::string oid_from_dotted(std::string_view text) {
  std::vector<std::uint64_t> arcs;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    std::uint64_t arc = 0;
    const auto [next, error] = std::from_chars(at, end, arc);
    if (error != std::errc() || next == at || arc > (UINT64_MAX >> 1)) return {};
    arcs.push_back(arc);
    if (next == end) break;
    if (*next != '.') return {};
    at = next + 1;
  }
  if (arcs.size() < 2 || arcs[0] > 2 || (arcs[0] < 2 && arcs[1] > 39)) return {};
  arcs[1] += 40 * arcs[0];
  std::string octets;
  for (std::size_t i = 1; i < arcs.size(); ++i) {
    std::string encoded(1, static_cast<char>(arcs[i] & 0x7f));
    for (std::uint64_t rest = arcs[i] >> 7; rest != 0; rest >>= 7) {
      encoded.insert(encoded.begin(), static_cast<char>((rest & 0x7f) | 0x80));
    }
    octets += encoded;
  }
  return octets;
}

std::string oid_name(Oid oid) {
  for (const NamedOid& named : kNames) {
    if (named.oid == oid) return std::string(named.name);
  }
  return dotted(oid);
}

}  // namespace certferry::x509
