#include "checks/checks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "x509/testing/certificate_maker.h"

namespace certferry::checks {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year;
using x509::testing::CertificateSpec;
using x509::testing::der_element;
using x509::testing::der_sequence;
using x509::testing::KeyKind;
using x509::testing::kNow;
using x509::testing::MadeCertificate;
using x509::testing::make_certificate;
using x509::testing::make_intermediate;
using x509::testing::make_root;
using x509::testing::RawExtension;
using x509::testing::server_spec;
using x509::testing::TestKey;

const MadeCertificate& root() {
  static const MadeCertificate kRoot = make_root("Litware Root");
  return kRoot;
}
const MadeCertificate& intermediate() {
  static const MadeCertificate kIntermediate = make_intermediate("Litware Issuing", root());
  return kIntermediate;
}

CertificateSpec good_spec() {
  CertificateSpec spec = server_spec({"www.litwareinc.com", "*.apps.litwareinc.com"});
  spec.extended_key_usage = {"serverAuth", "clientAuth"};
  return spec;
}

fleet::Type type(const char* name) { return fleet::TypeTable().get(name).value(); }

// Everything is right about it, so that each finding comes from what a case changes.
Context context_of(const CertificateSpec& spec, bool by_own_key = false) {
  MadeCertificate made = make_certificate(spec, by_own_key ? nullptr : &intermediate());
  Context context(made.certificate());
  context.chain = {intermediate().certificate()};
  context.private_key = context.leaf->public_key;
  context.file_format = x509::FileFormat::kPkcs12;
  context.protection = x509::Protection{{{"private key", "PBES2", "AES-256-CBC", "PBKDF2", "HMAC-SHA256", 2048}},
                                        x509::Mac{"HMAC-SHA256", "PKCS12KDF", 2048},
                                        true};
  context.types = {type("WebServicesExternal"), type("Default")};
  context.names = {{"www.litwareinc.com", "names of WebServicesExternal", true}};
  context.now = kNow;
  context.chain_result = ChainResult{.complete = true, .anchor_known = true, .anchor = "Litware Root"};
  return context;
}

Context good() { return context_of(good_spec()); }

Context changed(const std::function<void(CertificateSpec&)>& change) {
  CertificateSpec spec = good_spec();
  change(spec);
  return context_of(spec);
}

Context with(const std::function<void(Context&)>& change) {
  Context context = good();
  change(context);
  return context;
}

// rsaEncryption with a modulus of that many bits.
Bytes rsa_spki(std::size_t bits, Bytes exponent) {
  Bytes modulus(bits / 8 + 1, 0xa5);
  modulus.front() = 0;
  Bytes key = der_sequence({der_element(2, modulus), der_element(2, exponent)});
  key.insert(key.begin(), 0);
  Bytes oid = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};
  return der_sequence({der_sequence({oid, Bytes{0x05, 0x00}}), der_element(3, key)});
}

Bytes dns_entries(const std::vector<std::string>& names) {
  std::vector<Bytes> entries;
  for (const std::string& name : names) entries.push_back(der_element(0x82, as_bytes(name)));
  return der_sequence(entries);
}

StoredCertificate stored_form_of(const x509::Certificate& certificate) {
  return {certificate.sha256_hex(),
          certificate.thumbprint(),
          certificate->subject.text(),
          to_bytes(certificate->public_key.spki()),
          certificate->issuer.canonical(),
          certificate->serial,
          true};
}

// Kept alive for the spans of contexts.
std::span<const StoredCertificate> stored(const x509::Certificate& certificate) {
  static std::vector<std::unique_ptr<StoredCertificate>> all;
  all.push_back(std::make_unique<StoredCertificate>(stored_form_of(certificate)));
  return {all.back().get(), 1};
}

Context public_ca(const std::function<void(CertificateSpec&)>& change) {
  Context context = changed(change);
  context.chain_result->public_anchor = true;
  return context;
}

struct Case {
  const char* id;
  Severity severity;
  Context context;
  std::string message;  // how the finding's begins
};

std::vector<Case> key_cases() {
  constexpr auto kFatal = Severity::kFatal;
  constexpr auto kWarning = Severity::kWarning;
  auto key = [](KeyKind kind) { return changed([=](CertificateSpec& spec) { spec.key_kind = kind; }); };
  auto raw_key = [](std::size_t bits, Bytes exponent) {
    return changed([=](CertificateSpec& spec) { spec.spki = rsa_spki(bits, exponent); });
  };
  auto digest = [](const char* name) {
    MadeCertificate ca = make_intermediate("RSA Issuing", root(), KeyKind::kRsa2048);
    CertificateSpec spec = good_spec();
    spec.digest = name;
    Context context = good();
    context.leaf = make_certificate(spec, &ca).certificate();
    return context;
  };
  auto no_types = [](Context context) {
    context.types.clear();
    return context;
  };
  return {
      {"CF1401", kFatal, with([](Context& c) { c.private_key = root().certificate()->public_key; }),
       "the private key (EC P-256) does not belong to the certificate (EC P-256)"},
      {"CF1402", kFatal, with([](Context& c) { c.private_key.reset(); }),
       "there is no private key for the certificate"},
      {"CF1403", kFatal, key(KeyKind::kSecp256k1), "servers do not take the key: EC "},
      {"CF1403", kFatal, key(KeyKind::kP224), "servers do not take the key: EC "},
      {"CF1404", kFatal, key(KeyKind::kP256Explicit), "the curve of the key is spelled out"},
      {"CF1405", kFatal, key(KeyKind::kRsa1024), "the RSA key has 1024 bits, 2048 are the least that is safe"},
      {"CF1405", kWarning, raw_key(9216, {1, 0, 1}), "the RSA key has 9216 bits: every handshake is slow"},
      {"CF1406", kWarning, raw_key(2048, {3}), "the RSA key's public exponent is 3, 65537 is the least"},
      {"CF1406", kFatal, raw_key(2048, {1, 0, 0}), "the RSA key's public exponent is 65536"},
      {"CF1406", kWarning, raw_key(2048, {1, 0, 0, 0, 0, 0, 0, 0, 1}),
       "the RSA key's public exponent has more than 64"},
      {"CF1407", kFatal, with([](Context& c) { c.types = {type("Default")}, c.types[0].least_ec_bits = 384; }),
       "Default takes EC keys from 384 bits, this one has 256"},
      {"CF1407", kFatal, with([](Context& c) { c.types = {type("Default")}, c.types[0].least_ec_bits = 0; }),
       "Default takes no EC keys"},
      {"CF1407", kFatal,
       [] {
         Context context = changed([](CertificateSpec& spec) { spec.key_kind = KeyKind::kEd25519; });
         context.types = {type("OAuthTokenIssuer")};
         return context;
       }(),
       "OAuthTokenIssuer takes no Ed25519 keys"},
      {"CF1408", kWarning, key(KeyKind::kEd25519), "browsers and many libraries do not know Ed25519 keys"},
      {"CF1408", kWarning, key(KeyKind::kRsaPss2048), "browsers and many libraries do not know RSA-PSS keys"},
      {"CF1409", kFatal, digest("MD5"), "the certificate is signed with MD5: anybody can forge it"},
      {"CF1409", kFatal, digest("SHA1"), "the certificate is signed with SHA-1, which clients and servers refuse"},
      {"CF1409", kWarning, no_types(digest("SHA1")), "the certificate is signed with SHA-1"},
      {"CF1410", kWarning, with([](Context& c) {
         CertificateSpec spec{
             .subject = {{"CN", "Old Issuing"}}, .ca = true, .not_after = kNow + days(900), .digest = "SHA1"};
         c.chain = {make_certificate(spec, &root()).certificate()};
       }),
       "Old Issuing is signed with SHA-1"},
      {"CF1410", kWarning,
       with([](Context& c) { c.chain = {make_intermediate("Small", root(), KeyKind::kRsa1024).certificate()}; }),
       "the key of Small has 1024 bits"},
  };
}

std::vector<Case> date_cases() {
  auto at = [](Time now) { return with([=](Context& c) { c.now = now; }); };
  auto lives = [](Time from, int count) {
    return [=](CertificateSpec& spec) { spec.not_before = from, spec.not_after = from + days(count) - seconds(1); };
  };
  const Time kBefore = sys_days(year(2026) / 4 / 30);
  return {
      {"CF1420", Severity::kFatal, at(sys_days(year(2026) / 8 / 2)),
       "the certificate expired at 2026-07-30T00:00:00Z, 3 days ago"},
      {"CF1421", Severity::kFatal, at(kBefore), "the certificate is not valid before 2026-05-01T00:00:00Z"},
      {"CF1421", Severity::kWarning, with([=](Context& c) { c.now = kBefore, c.types.clear(); }),
       "the certificate is not valid before 2026-05-01T00:00:00Z"},
      {"CF1422", Severity::kFatal, with([=](Context& c) { c.now = kBefore, c.effective = kBefore; }),
       "the effective date 2026-04-30T00:00:00Z is before the certificate is valid, at 2026-05-01T00:00:00Z"},
      {"CF1422", Severity::kFatal, with([](Context& c) { c.effective = kNow + days(90); }),
       "the effective date 2026-08-30T00:00:00Z is after the certificate has expired, at 2026-07-30T00:00:00Z"},
      {"CF1423", Severity::kWarning, at(sys_days(year(2026) / 7 / 20)),
       "10 of 90 days are left (11 %), it expires at 2026-07-30T00:00:00Z"},
      {"CF1423", Severity::kWarning, with([](Context& c) { c.effective = kNow + days(50); }),
       "9 of 90 days are left (10 %), it expires at 2026-07-30T00:00:00Z"},
      {"CF1424", Severity::kFatal, changed([](CertificateSpec& spec) { std::swap(spec.not_before, spec.not_after); }),
       "the certificate is valid from 2026-07-30T00:00:00Z to 2026-05-01T00:00:00Z, which is never"},
      {"CF1425", Severity::kInfo, public_ca(lives(sys_days(year(2026) / 3 / 15), 201)),
       "the certificate lives 201 days, public CAs may issue 200 since 2026-03-15"},
      {"CF1425", Severity::kInfo, public_ca(lives(sys_days(year(2026) / 3 / 14), 399)),
       "the certificate lives 399 days, public CAs may issue 398 since 2020-09-01"},
      {"CF1426", Severity::kWarning, changed(lives(sys_days(year(2026) / 1 / 1), 826)),
       "the certificate lives 826 days: Apple's systems refuse more than 825"},
      {"CF1427", Severity::kWarning, with([](Context& c) {
         CertificateSpec spec{.subject = {{"CN", "Short Issuing"}}, .ca = true, .not_after = kNow + days(30)};
         c.chain = {make_certificate(spec, &root()).certificate()};
       }),
       "Short Issuing expires at 2026-07-01T00:00:00Z, the certificate at 2026-07-30T00:00:00Z"},
  };
}

std::vector<Case> name_cases() {
  auto names = [](std::vector<std::string> list) {
    return changed([list = std::move(list)](CertificateSpec& spec) { spec.names = list; });
  };
  auto more = [](std::string name) {
    return changed([name = std::move(name)](CertificateSpec& spec) { spec.names.push_back(name); });
  };
  auto common_name = [](std::string name) {
    return changed([name = std::move(name)](CertificateSpec& spec) { spec.subject = {{"CN", name}}; });
  };
  auto public_name = [](std::string name) {
    return public_ca([name = std::move(name)](CertificateSpec& spec) { spec.names.push_back(name); });
  };
  const auto kFatal = Severity::kFatal;
  const auto kWarning = Severity::kWarning;
  const auto kInfo = Severity::kInfo;
  std::vector<std::string> many = {"www.litwareinc.com"};
  for (int i = 0; i < 100; ++i) many.push_back("a" + std::to_string(i) + ".litwareinc.com");
  return {
      {"CF1430", kFatal, names({}), "the certificate has no DNS name and no IP address in its subjectAltName"},
      {"CF1430", kFatal, names({"email:a@litwareinc.com"}), "the certificate has no DNS name and no IP address"},
      {"CF1431", kWarning, common_name("old.litwareinc.com"), "the common name old.litwareinc.com is not among"},
      {"CF1432", kFatal, with([](Context& c) { c.names.push_back({"sip.litwareinc.com", "fqdn of x", true}); }),
       "sip.litwareinc.com is not covered (fqdn of x)"},
      {"CF1432", kWarning, with([](Context& c) { c.names.push_back({"192.0.2.1", "--name", false}); }),
       "192.0.2.1 is not covered (--name)"},
      {"CF1433", kWarning, more("w*.litwareinc.com"), "the star in w*.litwareinc.com is not the whole first label"},
      {"CF1433", kWarning, more("a.*.litwareinc.com"), "the star in a.*.litwareinc.com is not the whole first label"},
      {"CF1433", kWarning, more("*.*.litwareinc.com"), "the star in *.*.litwareinc.com is not the whole first label"},
      {"CF1434", kFatal, more("*.com"), "the wildcard *.com covers a public suffix"},
      {"CF1434", kFatal, more("*.co.uk"), "the wildcard *.co.uk covers a public suffix"},
      {"CF1434", kFatal, more("*"), "the wildcard * covers every name"},
      {"CF1434", kWarning, more("*.github.io"), "the wildcard *.github.io covers names that a company"},
      {"CF1434", kWarning, more("*.lan"), "the wildcard *.lan stands right below the top"},
      {"CF1435", kFatal, more(std::string("www.litwareinc.com\0.evil.example", 32)),
       "an alternative name has NUL or control characters: www.litwareinc.com\\x00.evil.example"},
      {"CF1435", kFatal, common_name("a\x1b[2Jb"), "the subject's CN has NUL or control characters: a\\x1b[2Jb"},
      {"CF1436", kWarning, more("my_host.litwareinc.com"),
       "the name 'my_host.litwareinc.com' is malformed: a label has an underscore"},
      {"CF1436", kWarning, more("https://litwareinc.com"),
       "the name 'https://litwareinc.com' is malformed: it is a URL"},
      {"CF1436", kWarning, more("192.0.2.1"), "the name '192.0.2.1' is malformed: it is an IP address"},
      {"CF1436", kWarning, more("litwareinc.com:443"), "the name 'litwareinc.com:443' is malformed: it has a colon"},
      {"CF1436", kWarning, more("a..b"), "the name 'a..b' is malformed: a label is empty"},
      {"CF1437", kWarning, public_name("web01"), "web01 is an internal name"},
      {"CF1437", kWarning, public_name("web01.corp"), "web01.corp is an internal name"},
      {"CF1437", kWarning, public_name("IP:10.1.2.3"), "10.1.2.3 is a private address"},
      {"CF1438", kInfo, more("WWW.litwareinc.com"), "www.litwareinc.com is there more than once"},
      {"CF1439", kInfo, names(many), "the certificate has 101 names"},
      {"CF1440", kWarning, changed([](CertificateSpec& spec) { spec.subject = {}; }), "the subject is empty"},
      {"CF1441", kWarning,
       more("b\xc3\xbc"
            "cher.example"),
       "the name b\xc3\xbc"
       "cher.example has characters beyond ASCII"},
      {"CF1441", kWarning, more("xn--a.litwareinc.com"), "the label xn--a of xn--a.litwareinc.com is no"},
      // Cyrillic а, then "pple".
      {"CF1442", kWarning, more("xn--pple-43d.com"),
       "the label '\xd0\xb0pple' of xn--pple-43d.com mixes scripts: Cyrillic, Latin"},
      {"CF1443", kInfo, more("xn--bcher-kva.example"),
       "xn--bcher-kva.example is shown to people as b\xc3\xbc"
       "cher.example"},
  };
}

std::vector<Case> usage_cases() {
  auto usages = [](std::vector<std::string> list) {
    return changed([list = std::move(list)](CertificateSpec& spec) { spec.extended_key_usage = list; });
  };
  auto bits = [](std::uint16_t usage) { return changed([=](CertificateSpec& spec) { spec.key_usage = usage; }); };
  auto extension = [](RawExtension raw) {
    return changed([raw = std::move(raw)](CertificateSpec& spec) { spec.extensions.push_back(raw); });
  };
  const auto kFatal = Severity::kFatal;
  const auto kWarning = Severity::kWarning;
  const Bytes kStaple = {0x30, 0x03, 0x02, 0x01, 0x05};
  return {
      {"CF1450", kFatal, usages({"clientAuth"}),
       "the extended key usage serverAuth is missing, WebServicesExternal, Default needs it"},
      {"CF1450", kFatal,
       with([](Context& c) { c.types = {type("Default")}, c.types[0].extended_key_usages = {"1.3.6.1.5.2.3.5"}; }),
       "the extended key usage 1.3.6.1.5.2.3.5 is missing, Default needs it"},
      {"CF1451", kWarning, usages({"serverAuth"}),
       "the extended key usage clientAuth is missing: Default speaks mutual TLS"},
      {"CF1452", kWarning, changed([](CertificateSpec& spec) {
         spec.key_kind = KeyKind::kRsa2048, spec.key_usage = x509::kKeyEncipherment;
       }),
       "the key usage has keyEncipherment without digitalSignature"},
      {"CF1452", kFatal, bits(x509::kKeyAgreement), "the key usage does not have digitalSignature"},
      {"CF1453", kFatal, changed([](CertificateSpec& spec) { spec.ca = true; }), "the certificate is a CA's"},
      {"CF1453", kWarning,
       [] {
         CertificateSpec spec = good_spec();
         spec.ca = true;
         return context_of(spec, true);
       }(),
       "the self-signed certificate is marked as a CA"},
      {"CF1454", kWarning, bits(x509::kDigitalSignature | x509::kKeyCertSign), "the key usage has keyCertSign"},
      {"CF1455", kWarning, usages({"any"}), "the extended key usage anyExtendedKeyUsage allows everything"},
      {"CF1455", kWarning, usages({"serverAuth", "clientAuth", "codeSigning"}),
       "the extended key usage codeSigning stands beside serverAuth"},
      {"CF1456", kWarning, extension({"1.3.6.1.5.5.7.1.24", kStaple}), "clients want an OCSP answer stapled"},
      {"CF1457", kFatal, extension({"1.3.6.1.4.1.11129.2.4.3", {0x05, 0x00}, true}), "it is a precertificate"},
      {"CF1458", kFatal, extension({"1.3.6.1.4.1.99999.1", {0x05, 0x00}, true}),
       "the critical extension 1.3.6.1.4.1.99999.1 is unknown"},
  };
}

std::vector<Case> other_cases() {
  const auto kFatal = Severity::kFatal;
  const auto kWarning = Severity::kWarning;
  const auto kInfo = Severity::kInfo;
  auto serial = [](Bytes octets) { return [octets](CertificateSpec& spec) { spec.serial = octets; }; };
  auto encryption = [](x509::Encryption e) { return with([=](Context& c) { c.protection->encryptions = {e}; }); };
  CertificateSpec renewed = good_spec();
  renewed.serial = {0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11};
  CertificateSpec twin = good_spec();
  twin.key = TestKey::named("another key");
  return {
      {"CF1460", kFatal,
       changed([](CertificateSpec& spec) { spec.extensions = {{"2.5.29.17", dns_entries({"b.example"})}}; }), ""},
      {"CF1460", kFatal, changed([](CertificateSpec& spec) {
         spec.key_usage.reset();
         spec.extensions = {{"2.5.29.15", {0x05, 0x00}}};
       }),
       ""},
      {"CF1461", kWarning, changed(serial({0})), "the serial number is zero"},
      {"CF1461", kWarning, changed(serial({0x80, 1})), "the serial number is negative"},
      {"CF1461", kWarning, changed(serial(Bytes(21, 0x11))), "the serial number has 21 octets, 20 are the most"},
      {"CF1461", kWarning, public_ca(serial({0x11})), "the serial number has 8 bits"},
      {"CF1462", kWarning, changed([](CertificateSpec& spec) { spec.version = 1; }), "it is an X.509 v1 certificate"},
      {"CF1463", kWarning, context_of(good_spec(), true), "the certificate is signed with its own key"},
      {"CF1464", kInfo, changed([](CertificateSpec& spec) { spec.key_identifiers = false; }),
       "the authority key identifier is missing"},
      {"CF1470", kWarning,
       with([](Context& c) { c.chain_result = ChainResult{.missing_issuer = "CN=Litware Issuing"}; }),
       "the certificate of the issuer is missing: CN=Litware Issuing"},
      {"CF1470", kFatal, with([](Context& c) { c.chain_result = ChainResult{}, c.require_complete_chain = true; }),
       "the chain does not lead up to a root"},
      {"CF1471", kInfo, with([](Context& c) { c.chain.push_back(root().certificate()); }),
       "the file includes the root Litware Root"},
      {"CF1472", kWarning, with([](Context& c) { c.chain_result->anchor_known = false; }),
       "the chain ends at Litware Root, which this computer does not trust"},
      {"CF1472", kFatal, with([](Context& c) { c.chain_result->anchor_known = false, c.require_trust = true; }),
       "the chain ends at Litware Root, which this computer does not trust"},
      {"CF1473", kInfo, with([](Context& c) { c.chain_result->completed_by_us = true; }),
       "the file lacks intermediate certificates"},
      {"CF1480", kInfo, with([](Context& c) { c.stored = stored(c.leaf); }), "the certificate is stored already"},
      {"CF1481", kWarning,
       with([=](Context& c) { c.stored = stored(make_certificate(renewed, &intermediate()).certificate()); }),
       "its key is that of the stored certificate "},
      {"CF1482", kWarning,
       with([=](Context& c) { c.stored = stored(make_certificate(twin, &intermediate()).certificate()); }),
       "the stored certificate "},
      {"CF1490", kWarning, encryption({"certificates", "PBES1", "RC2-40-CBC", "PKCS12KDF", "SHA-1", 2048}),
       "the certificates of the file: RC2-40-CBC is a weak cipher"},
      {"CF1491", kWarning, encryption({"private key", "PBES2", "AES-256-CBC", "PBKDF2", "HMAC-SHA256", 1}),
       "the private key of the file: encrypted with 1 iteration of the key derivation"},
      {"CF1491", kWarning, with([](Context& c) { c.protection->mac->iterations = 1; }),
       "the file: authenticated with 1 iteration"},
      {"CF1492", kWarning, with([](Context& c) { c.protection->mac.reset(); }), "the PFX has no MAC"},
      {"CF1493", kWarning, with([](Context& c) {
         c.file_format = x509::FileFormat::kPem;
         c.protection = x509::Protection{};
       }),
       "the private key lay in the file without a password"},
  };
}

std::vector<Case> all_cases() {
  std::vector<Case> all;
  for (auto* part : {&key_cases, &date_cases, &name_cases, &usage_cases, &other_cases}) {
    for (Case& c : (*part)()) all.push_back(std::move(c));
  }
  return all;
}

std::string told(const Findings& findings) {
  std::string text;
  for (const Finding& f : findings) text += f.id + " " + std::string(name_of(f.severity)) + " " + f.message + "\n";
  return text;
}

TEST(Checks, SayNothingAboutAGoodCertificate) { EXPECT_EQ(told(check(good())), ""); }

TEST(Checks, SayNothingAtTheirLimits) {
  EXPECT_EQ(told(check(public_ca([](CertificateSpec& spec) {
              spec.not_before = sys_days(year(2026) / 3 / 15);
              spec.not_after = spec.not_before + days(200) - seconds(1);
            }))),
            "");
  EXPECT_EQ(told(check(changed([](CertificateSpec& spec) {
              spec.not_before = sys_days(year(2026) / 1 / 1);
              spec.not_after = spec.not_before + days(825) - seconds(1);
            }))),
            "");
  EXPECT_EQ(told(check(with([](Context& c) { c.now = c.leaf->not_before, c.effective = c.leaf->not_before; }))), "");
  // Latin beside Japanese scripts is how Japanese is written.
  Context japanese = changed([](CertificateSpec& spec) { spec.names.push_back("xn--tokyo-4e7jp00q.example"); });
  for (const Finding& finding : check(japanese)) EXPECT_NE(finding.id, "CF1442") << finding.message;
  // Chain, store and file were not looked at.
  EXPECT_EQ(told(check(with([](Context& c) {
              c.chain_result.reset();
              c.protection.reset();
              c.file_format.reset();
            }))),
            "");
}

TEST(Checks, FindWhatEachOneLooksFor) {
  for (const Case& c : all_cases()) {
    Findings findings = check(c.context);
    auto found = std::ranges::find_if(
        findings, [&](const Finding& f) { return f.id == c.id && f.message.starts_with(c.message); });
    ASSERT_NE(found, findings.end()) << c.id << " " << c.message << "\n" << told(findings);
    EXPECT_EQ(found->severity, c.severity) << c.id << " " << c.message;
    EXPECT_FALSE(found->source.empty());
    EXPECT_TRUE(!found->fix.empty() || found->severity == Severity::kInfo) << c.id;
    EXPECT_NE(found->message.back(), '.') << found->message;
  }
}

TEST(Checks, EachOneHasACase) {
  std::set<std::string> cases;
  for (const Case& c : all_cases()) cases.insert(c.id);
  for (const Check& row : table()) EXPECT_TRUE(cases.contains(std::string(row.id))) << row.id;
}

TEST(Checks, AreOrderedAndUnique) {
  EXPECT_TRUE(std::ranges::is_sorted(table(), std::ranges::less(), &Check::id));
  EXPECT_EQ(std::ranges::adjacent_find(table(), std::ranges::equal_to(), &Check::id), table().end());
}

TEST(Checks, CanBeIgnoredUnlessFatal) {
  Context context = changed([](CertificateSpec& spec) { spec.extended_key_usage = {"serverAuth"}, spec.names = {}; });
  context.ignore = {"CF1451", "CF1430", "CF1432"};
  std::set<std::string> ids;
  for (const Finding& finding : check(context)) ids.insert(finding.id);
  EXPECT_FALSE(ids.contains("CF1451"));
  EXPECT_TRUE(ids.contains("CF1430"));
  EXPECT_TRUE(ids.contains("CF1432"));
}

TEST(Checks, TokenSignersNeedNoNames) {
  Context context = changed([](CertificateSpec& spec) {
    spec.subject = {{"CN", "sts"}};
    spec.names = {};
    spec.extended_key_usage = {};
  });
  context.types = {type("OAuthTokenIssuer")};
  context.names = {};
  EXPECT_EQ(told(check(context)), "");
}

}  // namespace
}  // namespace certferry::checks
