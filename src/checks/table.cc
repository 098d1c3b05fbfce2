#include <algorithm>

#include "checks/checks.h"
#include "checks/rules.h"

namespace certferry::checks {
namespace {

constexpr auto kInfo = Severity::kInfo;
constexpr auto kWarning = Severity::kWarning;
constexpr auto kFatal = Severity::kFatal;

// clang-format off
constexpr Check kTable[] = {
// Keys and signatures.
{"CF1401", kFatal, "the private key does not belong to the certificate",
 "the public key computed from the private one, against the certificate's",
 "RFC 8446 section 4.4.3", "export key and certificate again together; the private key must be the one the request was made with", key_matches},
{"CF1402", kFatal, "there is no private key",
 "the file, stored keys and pending requests", "RFC 8446 section 4.4.3",
 "export the certificate with its private key (as PFX, or PEM with the key in it)", key_present},
{"CF1403", kFatal, "the key is of a kind that servers do not take",
 "algorithm and curve of the certificate's key", "RFC 8446 section 4.2.3; CA/B Forum BR 6.1.1.3",
 "request a certificate with an RSA key of 2048 bits or more, or with EC P-256, P-384 or P-521", key_algorithm},
{"CF1404", kFatal, "the curve is spelled out instead of named",
 "the parameters of an EC key", "RFC 5480 section 2.1.1",
 "make the key with a named curve (openssl: -pkeyopt ec_param_enc:named_curve) and request a new certificate", explicit_curve},
{"CF1405", kFatal, "the RSA key is too small",
 "the size of the modulus", "CA/B Forum BR 6.1.5; NIST SP 800-131A",
 "request a certificate with an RSA key of 2048 bits or more, or with EC P-256", rsa_size},
{"CF1406", kFatal, "the RSA key's exponent is unsafe or unusual",
 "the public exponent: odd and from 65537 on", "CA/B Forum BR 6.1.6; NIST SP 800-56B section 6.2",
 "make a new key with the exponent 65537 and request a new certificate", rsa_exponent},
{"CF1407", kFatal, "the key is not good enough for the type",
 "algorithm and size, against the profile of each type", "the type's profile (certferry type show)",
 "request a certificate with a key that the type takes", key_for_type},
{"CF1408", kWarning, "many clients do not know keys of this kind",
 "Ed25519, Ed448 and RSA-PSS keys for TLS types", "CA/B Forum BR 6.1.1.3; RFC 8446 section 9.1",
 "use RSA or EC P-256 unless every client is known to take this key", key_known_to_clients},
{"CF1409", kFatal, "the signature is made with a broken digest",
 "the digest that the issuer signed", "RFC 6151; RFC 9155; CA/B Forum BR 7.1.3.2",
 "have the certificate issued again with SHA-256", signature_digest},
{"CF1410", kWarning, "a certificate of the chain is weak",
 "digests and keys of the intermediates", "CA/B Forum BR 6.1.5 and 7.1.3.2",
 "ask the CA for a newer intermediate certificate", chain_strength},

// Dates.
{"CF1420", kFatal, "the certificate has expired",
 "notAfter, at the time of the check", "RFC 5280 section 4.1.2.5", "obtain a new certificate", expired},
{"CF1421", kFatal, "the certificate is not valid yet",
 "notBefore, at the time it would be used", "RFC 5280 section 4.1.2.5",
 "check the clock of this computer; else give an effective date from its notBefore on", not_yet_valid},
{"CF1422", kFatal, "the effective date is outside the validity",
 "EffectiveDate, against notBefore and notAfter", "RFC 5280 section 4.1.2.5",
 "choose an effective date within the validity", effective_date},
{"CF1423", kWarning, "little of the lifetime is left",
 "the part of the lifetime that is left at the effective date", "certferry",
 "renew it now, and import the new one with --roll", lifetime_left},
{"CF1424", kFatal, "the certificate ends before it begins",
 "notBefore against notAfter", "RFC 5280 section 4.1.2.5", "have it issued again", reversed_validity},
{"CF1425", kInfo, "the certificate lives longer than public CAs may issue",
 "the whole lifetime, by the day it was issued, below a public anchor", "CA/B Forum BR 6.3.2 (825, 398, 200, 100, 47 days)",
 "request a shorter one: browsers refuse it", lifetime_of_public_ca},
{"CF1426", kWarning, "Apple's systems refuse certificates that live so long",
 "the whole lifetime of a server's certificate from a private CA", "Apple support article 103769 (825 days)",
 "have it issued for 825 days or less", lifetime_for_clients},
{"CF1427", kWarning, "the chain expires before the certificate",
 "notAfter of each certificate of the chain", "RFC 5280 section 6.1.3",
 "ask the CA for its newer intermediate before that day", chain_expires_first},

// Names.
{"CF1430", kFatal, "there are no subject alternative names",
 "DNS names and addresses of the subjectAltName, for TLS types", "RFC 9525 section 2; CA/B Forum BR 7.1.2.7.12",
 "have it issued with the names in the subjectAltName: clients do not look at the common name", names_present},
{"CF1431", kWarning, "the common name is not among the alternative names",
 "a common name that is a host name", "CA/B Forum BR 7.1.4.3; RFC 9525 section 2",
 "have it issued with the common name in the subjectAltName too", common_name_in_names},
{"CF1432", kFatal, "a name is not covered",
 "the names that the types must cover here", "RFC 9525 section 6.3; the type's profile (certferry type show)",
 "request a certificate with this name, or correct 'names' in certferry.toml", names_covered},
{"CF1433", kWarning, "a wildcard is written in a way that clients ignore",
 "where the star stands", "RFC 9525 section 6.3; CA/B Forum BR 3.2.2.6",
 "use the star as the whole first label only, as in *.litwareinc.com", wildcard_form},
{"CF1434", kFatal, "a wildcard covers a public suffix",
 "wildcards right below a name under which everybody can register", "CA/B Forum BR 3.2.2.6; publicsuffix.org",
 "have it issued for your own domain", wildcard_of_public_suffix},
{"CF1435", kFatal, "a name has NUL or control characters",
 "subject and alternative names", "RFC 5280 section 4.2.1.6; CVE-2009-2408",
 "do not use this certificate: such names are made to deceive", hostile_characters},
{"CF1436", kWarning, "an alternative name is malformed",
 "DNS names and addresses", "RFC 5280 section 4.2.1.6; RFC 1034 section 3.5",
 "have it issued with the name as DNS knows it, addresses as IP address entries", malformed_names},
{"CF1437", kWarning, "a public CA's certificate has internal names",
 "single labels, private top-level domains, private addresses, below a public anchor", "CA/B Forum BR 7.1.2.7.12",
 "use a private CA for internal names", internal_names},
{"CF1438", kInfo, "a name is there more than once",
 "alternative names, case aside", "CA/B Forum BR 7.1.4.3", "none needed", repeated_names},
{"CF1439", kInfo, "there are many names",
 "more than 100 alternative names", "certferry",
 "spread the names over several certificates: each handshake carries all of them", many_names},
{"CF1440", kWarning, "the subject is empty and the names are not critical",
 "subject and the criticality of the subjectAltName", "RFC 5280 section 4.2.1.6",
 "have it issued again with a critical subjectAltName", subject_empty},
{"CF1441", kWarning, "an internationalized name cannot be read",
 "labels that begin with xn--, and characters beyond ASCII", "RFC 5891 section 5.4; RFC 5280 section 7.2",
 "have it issued with the name in its ASCII form (xn--…) as registered", idn_readable},
{"CF1442", kWarning, "an internationalized name mixes scripts",
 "the scripts of each label", "UTS 39 section 5.2",
 "make sure that the name is yours: look-alikes are made that way", idn_mixed_scripts},
{"CF1443", kInfo, "an internationalized name",
 "labels that begin with xn--", "RFC 5890", "none needed", idn_shown},

// Usages.
{"CF1450", kFatal, "an extended key usage that the type needs is missing",
 "the extended key usages, against the profile of each type", "RFC 5280 section 4.2.1.12; the type's profile (certferry type show)",
 "have it issued from a template with this usage", extended_usage},
{"CF1451", kWarning, "clientAuth is missing and the type speaks mutual TLS",
 "the extended key usages, for types that use the certificate as a client too", "RFC 5280 section 4.2.1.12; the type's profile (certferry type show)",
 "use a private CA, or a public one that still issues clientAuth: most stop in 2026", client_usage},
{"CF1452", kFatal, "the key usage does not allow signatures",
 "digitalSignature, for every type", "RFC 8446 section 4.4.2.2; RFC 5280 section 4.2.1.3",
 "have it issued with digitalSignature", key_usage},
{"CF1453", kFatal, "it is a CA certificate",
 "basicConstraints of the leaf", "RFC 5280 section 4.2.1.9; CA/B Forum BR 7.1.2.7.8",
 "choose the server's certificate (--select), or have one issued", ca_as_leaf},
{"CF1454", kWarning, "it may sign certificates without being a CA",
 "keyCertSign against basicConstraints", "RFC 5280 section 4.2.1.3", "have it issued from a server template", cert_sign_without_ca},
{"CF1455", kWarning, "the usages are wider than a server needs",
 "anyExtendedKeyUsage, and usages of code, mail, time stamps and OCSP beside serverAuth", "CA/B Forum BR 7.1.2.7.10",
 "have it issued from a server template", any_usage},
{"CF1456", kWarning, "clients want an OCSP answer stapled",
 "the TLS feature extension (must-staple)", "RFC 7633",
 "switch OCSP stapling on in every service that uses it, or have it issued without must-staple", must_staple},
{"CF1457", kFatal, "it is a precertificate",
 "the poison extension of certificate transparency", "RFC 6962 section 3.1", "fetch the final certificate from the CA", precertificate},
{"CF1458", kFatal, "it has a critical extension that nobody knows",
 "critical extensions", "RFC 5280 section 4.2", "have it issued without that extension: clients must refuse it", unknown_critical},

// Form.
{"CF1460", kWarning, "the certificate departs from the standard",
 "its encoding, extension by extension", "RFC 5280 section 4; X.690", "have it issued again; tell the CA", defects},
{"CF1461", kWarning, "the serial number is not as it should be",
 "positive, at most 20 octets, not predictable", "RFC 5280 section 4.1.2.2; CA/B Forum BR 7.1", "tell the CA", serial_number},
{"CF1462", kWarning, "it is not an X.509 v3 certificate",
 "the version", "RFC 5280 section 4.1.2.1", "have it issued as v3: older ones have no alternative names", version},
{"CF1463", kWarning, "it is signed with its own key",
 "issuer, subject and signature", "RFC 5280 section 3.2",
 "use a CA, a private one too: every client has to trust this certificate by itself", self_signed},
{"CF1464", kInfo, "a key identifier is missing",
 "authorityKeyIdentifier and subjectKeyIdentifier", "RFC 5280 sections 4.2.1.1 and 4.2.1.2", "none needed", key_identifiers},

// Chain.
{"CF1470", kWarning, "an intermediate certificate is missing",
 "the chain from the certificate up to an anchor", "RFC 8446 section 4.4.2",
 "import a file that has the whole chain, or import the intermediate certificates first", chain_complete},
{"CF1471", kInfo, "the file includes the root",
 "self-signed certificates in the file's chain", "RFC 8446 section 4.4.2",
 "none needed: it is left out of what servers send", root_included},
{"CF1472", kWarning, "the root is not trusted by this computer",
 "the anchor, against the system's, --trust and the stored ones", "RFC 5280 section 6.1.1",
 "private CAs: give the root with --trust, or install it on this computer", anchor_known},
{"CF1473", kInfo, "the chain was completed",
 "intermediates that the file lacks and certferry has", "RFC 8446 section 4.4.2", "none needed", intermediates_added},

// Beside what is stored.
{"CF1480", kInfo, "the certificate is stored already",
 "its SHA-256, against the stored ones", "certferry", "none needed", already_stored},
{"CF1481", kWarning, "the key was used before",
 "its public key, against the stored certificates", "CA/B Forum BR 6.1.1.3; NIST SP 800-57 part 1 section 5.3",
 "make a new key with each certificate: a renewal does not help when the old key has leaked", key_reused},
{"CF1482", kWarning, "another stored certificate has the same issuer and serial number",
 "issuer and serial number, against the stored certificates", "RFC 5280 section 4.1.2.2",
 "ask the CA: revoking one revokes both", serial_reused},

// The file it came in.
{"CF1490", kWarning, "the file is protected with a weak cipher",
 "RC2, RC4 and single DES", "RFC 8018; NIST SP 800-131A",
 "treat the file as unprotected and delete it; export with AES-256 next time", weak_cipher},
{"CF1491", kWarning, "the password is hardly stretched",
 "fewer than 1,000 iterations", "RFC 8018 section 4.2",
 "treat the file as unprotected and delete it; export with more iterations next time", few_iterations},
{"CF1492", kWarning, "nothing proves that the file is whole",
 "the MAC of a PFX", "RFC 7292 section 4", "make sure where the file comes from; export with a MAC next time", no_mac},
{"CF1493", kWarning, "the private key lay in the file without a password",
 "the encryption of the file", "NIST SP 800-57 part 1 section 6.2", "delete the file now that the key is stored", key_unprotected},
};
// clang-format on

}  // namespace

std::span<const Check> table() { return kTable; }

void Reporter::add(Severity severity, std::string message, const std::optional<std::string>& fix) {
  findings_.push_back({std::string(row_->id), severity, std::move(message), fix.value_or(std::string(row_->fix)),
                       std::string(row_->source)});
  if (findings_.back().fix == "none needed") findings_.back().fix.clear();
}

Findings check(const Context& context) {
  Findings all;
  Reporter reporter(all);
  for (const Check& row : kTable) {
    reporter.start(row);
    row.run(context, reporter);
  }
  std::erase_if(all, [&](const Finding& finding) {
    return finding.severity != Severity::kFatal &&
           std::find(context.ignore.begin(), context.ignore.end(), finding.id) != context.ignore.end();
  });
  return all;
}

}  // namespace certferry::checks
