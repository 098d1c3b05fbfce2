#include "chain/certificate_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "chain/leaf_rules.h"

namespace certferry::chain {
namespace {

using x509::Certificate;
using x509::CertificateFields;
using x509::Defect;
namespace oid = x509::oid;

constexpr std::string_view kAskCa = "ask the CA to issue it again in the form that the source describes";
constexpr std::size_t kMaxSerial = 20;

// What is understood, so that it may be critical.
constexpr std::array kKnownExtensions = {
    oid::kBasicConstraints,       oid::kKeyUsage,
    oid::kExtendedKeyUsage,       oid::kSubjectAltName,
    oid::kNameConstraints,        oid::kSubjectKeyIdentifier,
    oid::kAuthorityKeyIdentifier, oid::kCertificatePolicies,
    oid::kPolicyMappings,         oid::kPolicyConstraints,
    oid::kInhibitAnyPolicy,       oid::kAuthorityInfoAccess,
    oid::kCrlDistributionPoints,  oid::kTlsFeature,
    oid::kIssuerAltName,          oid::kSignedCertificateTimestamps,
};

void judge_dates(const CertificateFields& fields, Role role, Time now, Judge& judge) {
  if (now < fields.not_before) {
    judge.fatal("CF1306", fmt::format("{} is not valid before {}", described(fields, role), rfc3339(fields.not_before)),
                "wait until then, or correct this computer's clock", "RFC 5280 section 6.1.3");
  }
  if (now > fields.not_after) {
    judge.fatal(
        "CF1305", fmt::format("{} expired at {}", described(fields, role), rfc3339(fields.not_after)),
        role == Role::kLeaf ? "get a new certificate" : "get the CA's current certificate and put it in the file",
        "RFC 5280 section 6.1.3");
  }
}

// Departures that make the meaning of the certificate uncertain.
bool is_grave(const Defect& defect) {
  switch (defect.kind) {
    case Defect::Kind::kDuplicateExtension:
    case Defect::Kind::kSignatureAlgorithmMismatch:
    case Defect::Kind::kTrailingData:
    case Defect::Kind::kUnusedBits: return true;
    case Defect::Kind::kMalformedExtension:
      return defect.oid == oid::kBasicConstraints || defect.oid == oid::kKeyUsage ||
             defect.oid == oid::kExtendedKeyUsage || defect.oid == oid::kNameConstraints ||
             defect.oid == oid::kSubjectAltName;
    case Defect::Kind::kBadTime:
    case Defect::Kind::kSerial:
    case Defect::Kind::kVersion:
    case Defect::Kind::kNotDer: return false;
  }
  return true;
}

void judge_defects(const CertificateFields& fields, Role role, Judge& judge) {
  for (const Defect& defect : fields.defects) {
    std::string message = fmt::format("{}: {}", described(fields, role), defect.message);
    if (is_grave(defect) && role != Role::kAnchor) {
      judge.fatal("CF1332", std::move(message), kAskCa, "RFC 5280 section 4");
    } else {
      judge.departure("CF1332", std::move(message), kAskCa, "RFC 5280 section 4");
    }
  }
}

void judge_critical_extensions(const Certificate& certificate, Role role, Judge& judge) {
  for (const x509::Extension& extension : certificate->extensions) {
    if (!extension.critical || std::ranges::find(kKnownExtensions, extension.oid) != kKnownExtensions.end()) continue;
    judge.fatal("CF1314",
                fmt::format("{} has a critical extension that is not understood: {}", described(*certificate, role),
                            x509::oid_name(extension.oid)),
                "use a certificate without it: programs that do not know the extension must refuse this one",
                "RFC 5280 section 4.2");
  }
}

void judge_base(const CertificateFields& fields, Role role, Judge& judge) {
  if (fields.version != 3) {
    judge.departure("CF1330", fmt::format("{} has version {} instead of 3", described(fields, role), fields.version),
                    kAskCa, "CA/B Forum BR section 7.1.1");
  }
  if (fields.issuer.empty() || (role != Role::kLeaf && fields.subject.empty())) {
    judge.departure(
        "CF1345",
        fmt::format("{} has no {}", described(fields, role), fields.issuer.empty() ? "issuer name" : "subject name"),
        kAskCa, fields.issuer.empty() ? "RFC 5280 section 4.1.2.4" : "RFC 5280 section 4.1.2.6");
  }
  if (role == Role::kAnchor) return;  // several public roots have the serial number 0
  const Bytes& serial = fields.serial;
  const bool zero = std::ranges::all_of(serial, [](std::uint8_t octet) { return octet == 0; });
  const bool negative = !serial.empty() && (serial[0] & 0x80) != 0;
  if (zero || negative || serial.size() > kMaxSerial) {
    const char* what = zero ? "is zero" : negative ? "is negative" : "is longer than 20 octets";
    judge.departure("CF1331", fmt::format("the serial number of {} {}", described(fields, role), what), kAskCa,
                    "RFC 5280 section 4.1.2.2");
  }
}

void judge_key(const CertificateFields& fields, Role role, Judge& judge) {
  const x509::PublicKey& key = fields.public_key;
  if (key.explicit_curve()) {
    judge.fatal("CF1347",
                fmt::format("the key of {} spells its curve out instead of naming it", described(fields, role)),
                "make a new key on a named curve, such as P-256, and have it certified", "RFC 5480 section 2.1.1");
    return;
  }
  std::string_view reason;
  switch (key.algorithm()) {
    case x509::KeyAlgorithm::kRsa:
    case x509::KeyAlgorithm::kRsaPss:
      if (key.bits() < 2048) reason = "is shorter than 2048 bits";
      if (key.bits() % 8 != 0) reason = "has a length that is no multiple of 8 bits";
      if (key.rsa_exponent() != 0 && (key.rsa_exponent() < 3 || key.rsa_exponent() % 2 == 0))
        reason = "has a bad exponent";
      break;
    case x509::KeyAlgorithm::kEc:
      if (key.curve() != oid::kP256 && key.curve() != oid::kP384 && key.curve() != oid::kP521) {
        reason = "is not on one of the curves P-256, P-384, P-521";
      }
      break;
    case x509::KeyAlgorithm::kEd25519:
    case x509::KeyAlgorithm::kEd448:
      if (judge.mode() == Mode::kWeb) reason = "is of a kind that public CAs may not certify";
      break;
    case x509::KeyAlgorithm::kDsa:
    case x509::KeyAlgorithm::kOther: reason = "is of a kind that must not be used any more"; break;
  }
  if (reason.empty()) return;
  judge.departure("CF1347", fmt::format("the key of {} ({}) {}", described(fields, role), key.text(), reason),
                  "make a new key, RSA of at least 2048 bits or P-256, and have it certified",
                  "CA/B Forum BR section 6.1.5");
}

// The signature on an anchor is not looked at, so neither is its algorithm.
void judge_signature_algorithm(const CertificateFields& fields, Role role, Judge& judge) {
  if (role == Role::kAnchor) return;
  const auto algorithm = x509::signature_algorithm(fields.signature_algorithm);
  if (algorithm.digest == "MD2" || algorithm.digest == "MD5") {
    judge.fatal("CF1348",
                fmt::format("{} is signed with {}, which can be forged", described(fields, role), algorithm.name),
                "have it issued again with SHA-256", "RFC 6151 section 2.2");
  } else if (algorithm.digest == "SHA-1") {
    judge.departure(
        "CF1348",
        fmt::format("{} is signed with {}, which programs refuse by default", described(fields, role), algorithm.name),
        "have it issued again with SHA-256", "CA/B Forum BR section 7.1.3.2");
  }
}

// A CA that spreads its key in a self-signed certificate may leave the identifier out, also where the names differ.
bool signed_with_own_key(const CertificateFields& fields, Role role) {
  return role == Role::kAnchor && fields.public_key.verify(fields.signature_algorithm, fields.tbs, fields.signature) ==
                                      x509::SignatureStatus::kGood;
}

void judge_key_identifiers(const Certificate& certificate, Role role, Judge& judge) {
  const CertificateFields& fields = *certificate;
  const std::string_view source = "RFC 5280 section 4.2.1.1";
  const bool self_issued = certificate.self_issued();
  for (x509::Oid id : {oid::kAuthorityKeyIdentifier, oid::kSubjectKeyIdentifier}) {
    if (!certificate.has_critical(id)) continue;
    judge.departure("CF1333", fmt::format("{} has a critical {}", described(fields, role), x509::oid_name(id)), kAskCa,
                    source);
  }
  if (role != Role::kLeaf && !certificate.extension(oid::kSubjectKeyIdentifier)) {
    judge.departure("CF1334", fmt::format("{} has no subject key identifier", described(fields, role)), kAskCa,
                    "RFC 5280 section 4.2.1.2");
  }
  const auto& authority = fields.authority_key_id;
  if (role == Role::kAnchor && self_issued) {
    if (!authority) return;
    const char* what = nullptr;
    if (!authority->key_id) what = "lacks the key identifier";
    else if (!authority->issuer.empty() || authority->serial) what = "names an issuer or serial number";
    else if (fields.subject_key_id && *authority->key_id != *fields.subject_key_id)
      what = "differs from its subject key identifier";
    if (what) {
      judge.departure("CF1333", fmt::format("the authority key identifier of {} {}", described(fields, role), what),
                      kAskCa, "CA/B Forum BR section 7.1.2.1.3");
    }
  } else if (!(authority && authority->key_id) && !self_issued && !signed_with_own_key(fields, role)) {
    judge.departure("CF1333", fmt::format("{} has no authority key identifier", described(fields, role)), kAskCa,
                    source);
  }
}

void judge_basic_constraints(const Certificate& certificate, Role role, Judge& judge) {
  const CertificateFields& fields = *certificate;
  const auto& constraints = fields.basic_constraints;
  if (!constraints) {
    // A certificate of version 1 or without the extension is a CA only where somebody put it among the anchors.
    const std::string message =
        fmt::format("{} does not say that it is a CA (no basicConstraints)", described(fields, role));
    if (role == Role::kAnchor) {
      judge.departure("CF1307", message, kAskCa, "RFC 5280 section 4.2.1.9");
    } else {
      judge.fatal("CF1307", message, "use the CA's own certificate instead", "RFC 5280 section 4.2.1.9");
    }
  } else if (!constraints->ca) {
    judge.fatal("CF1307", fmt::format("{} is no CA (basicConstraints)", described(fields, role)),
                "use the CA's own certificate instead", "RFC 5280 section 4.2.1.9");
  } else if (!certificate.has_critical(oid::kBasicConstraints)) {
    judge.departure("CF1335", fmt::format("basicConstraints of {} is not critical", described(fields, role)), kAskCa,
                    "RFC 5280 section 4.2.1.9");
  }
}

void judge_ca_usage(const Certificate& certificate, Role role, const CertificateRules& rules, Judge& judge) {
  const CertificateFields& fields = *certificate;
  if (fields.key_usage && !(*fields.key_usage & x509::kKeyCertSign)) {
    judge.fatal("CF1308", fmt::format("{} may not sign certificates (keyUsage)", described(fields, role)),
                "use the CA's own certificate instead", "RFC 5280 section 4.2.1.3");
  }
  if (const auto& usages = fields.extended_key_usage) {
    const auto has = [&](x509::Oid usage) { return std::ranges::find(*usages, usage) != usages->end(); };
    if (!rules.purpose.empty() && !has(rules.purpose) && !has(oid::kAnyExtendedKeyUsage)) {
      judge.fatal(
          "CF1313",
          fmt::format("{} may not issue certificates for {}", described(fields, role), x509::oid_name(rules.purpose)),
          "use a CA whose extended key usage allows it", "CA/B Forum BR section 7.1.2.10.6");
    }
    if (role == Role::kAnchor && certificate.self_issued()) {
      judge.departure("CF1337", fmt::format("{} has an extended key usage", described(fields, role)), kAskCa,
                      "CA/B Forum BR section 7.1.2.1.2");
    }
  }
}

void judge_ca_restrictions(const Certificate& certificate, Role role, Judge& judge) {
  const CertificateFields& fields = *certificate;
  if (const auto& names = fields.name_constraints) {
    if (names->permitted.empty() && names->excluded.empty()) {
      judge.departure("CF1338", fmt::format("the name constraints of {} are empty", described(fields, role)), kAskCa,
                      "RFC 5280 section 4.2.1.10");
    }
    if (!certificate.has_critical(oid::kNameConstraints)) {
      judge.departure("CF1338", fmt::format("the name constraints of {} are not critical", described(fields, role)),
                      kAskCa, "RFC 5280 section 4.2.1.10");
    }
  }
  for (x509::Oid id : {oid::kPolicyConstraints, oid::kInhibitAnyPolicy}) {
    if (!certificate.extension(id) || certificate.has_critical(id)) continue;
    judge.departure("CF1339", fmt::format("{} of {} is not critical", x509::oid_name(id), described(fields, role)),
                    kAskCa, "RFC 5280 section 4.2.1.11");
  }
}

}  // namespace

void judge_certificate(const Certificate& certificate, Role role, const CertificateRules& rules, Judge& judge) {
  const CertificateFields& fields = *certificate;
  judge_dates(fields, role, rules.now, judge);
  judge_critical_extensions(certificate, role, judge);
  if (role != Role::kLeaf) {
    judge_basic_constraints(certificate, role, judge);
    judge_ca_usage(certificate, role, rules, judge);
    judge_ca_restrictions(certificate, role, judge);
  }
  if (role == Role::kAnchor && judge.mode() == Mode::kTolerant) return;
  judge_defects(fields, role, judge);
  judge_base(fields, role, judge);
  judge_key(fields, role, judge);
  judge_signature_algorithm(fields, role, judge);
  judge_key_identifiers(certificate, role, judge);
  if (certificate.has_critical(oid::kAuthorityInfoAccess)) {
    judge.departure("CF1346", fmt::format("authorityInfoAccess of {} is critical", described(fields, role)), kAskCa,
                    "RFC 5280 section 4.2.2.1");
  }
  if (role == Role::kLeaf) judge_leaf(certificate, rules, judge);
}

}  // namespace certferry::chain
