#include "chain/certificate_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "x509/testing/certificate_maker.h"

namespace certferry::chain {
namespace {

using namespace x509::testing;

// "CF1331 fatal" of each finding.
std::vector<std::string> judged(const x509::Certificate& certificate, Role role, Mode mode) {
  Findings findings;
  Judge judge(mode, findings);
  judge_certificate(certificate, role, {kNow, x509::oid::kServerAuth}, judge);
  std::vector<std::string> text;
  text.reserve(findings.size());
  for (const Finding& finding : findings) text.push_back(finding.id + " " + std::string(name_of(finding.severity)));
  return text;
}

struct Case {
  std::string what;
  std::function<void(CertificateSpec&)> change;
  std::string web;       // the one finding; empty: none
  std::string tolerant;  // likewise
};

void expect(const std::vector<Case>& cases, const CertificateSpec& good, Role role, const MadeCertificate* issuer) {
  for (const Case& c : cases) {
    CertificateSpec spec = good;
    c.change(spec);
    const auto certificate = make_certificate(spec, issuer).certificate();
    const auto one = [](const std::string& finding) {
      return finding.empty() ? std::vector<std::string>() : std::vector{finding};
    };
    EXPECT_EQ(judged(certificate, role, Mode::kWeb), one(c.web)) << c.what;
    EXPECT_EQ(judged(certificate, role, Mode::kTolerant), one(c.tolerant)) << c.what;
  }
}

Bytes big(std::size_t size) { return Bytes(size, 0x11); }
RawExtension null_extension(std::string oid, bool critical) { return {std::move(oid), {0x05, 0x00}, critical}; }

TEST(CertificateRules, OfLeaves) {
  const auto root = make_root("Root");
  using Spec = CertificateSpec;
  const std::vector<Case> cases = {
      {"as it should be", [](Spec&) {}, "", ""},
      {"serial 0", [](Spec& s) { s.serial = {0}; }, "CF1331 fatal", "CF1331 warning"},
      {"negative serial", [](Spec& s) { s.serial = {0x80}; }, "CF1331 fatal", "CF1331 warning"},
      {"serial of 20 octets", [](Spec& s) { s.serial = big(20); }, "", ""},
      {"serial of 21 octets", [](Spec& s) { s.serial = big(21); }, "CF1331 fatal", "CF1331 warning"},
      {"expired", [](Spec& s) { s.not_after = kNow - std::chrono::seconds(1); }, "CF1305 fatal", "CF1305 fatal"},
      {"its last second", [](Spec& s) { s.not_after = kNow; }, "", ""},
      {"its first second", [](Spec& s) { s.not_before = kNow; }, "", ""},
      {"not yet valid", [](Spec& s) { s.not_before = kNow + std::chrono::seconds(1); }, "CF1306 fatal", "CF1306 fatal"},
      {"no issuer", [](Spec& s) { s.issuer = NameSpec{}; }, "CF1345 fatal", "CF1345 warning"},
      {"no names", [](Spec& s) { s.names.clear(); }, "CF1340 fatal", "CF1340 warning"},
      {"critical names", [](Spec& s) { s.names_critical = true; }, "CF1341 fatal", "CF1341 warning"},
      {"underscore", [](Spec& s) { s.names.push_back("a_b.example.com"); }, "CF1342 fatal", "CF1342 warning"},
      {"address as DNS name", [](Spec& s) { s.names.push_back("8.8.8.8"); }, "CF1342 fatal", "CF1342 warning"},
      {"no DNS name", [](Spec& s) { s.names.push_back("w*.example.com"); }, "CF1342 fatal", "CF1342 warning"},
      {"mail address", [](Spec& s) { s.names.push_back("email:a@b@c"); }, "CF1342 fatal", "CF1342 warning"},
      {"no purpose", [](Spec& s) { s.extended_key_usage.clear(); }, "CF1337 fatal", ""},
      {"other purpose", [](Spec& s) { s.extended_key_usage = {"clientAuth"}; }, "CF1313 fatal", "CF1313 fatal"},
      {"any purpose", [](Spec& s) { s.extended_key_usage = {"any"}; }, "CF1337 fatal", "CF1337 warning"},
      {"signs as no CA", [](Spec& s) { s.key_usage = x509::kDigitalSignature | x509::kKeyCertSign; }, "CF1336 fatal",
       "CF1336 warning"},
      {"a short key", [](Spec& s) { s.key = TestKey::named("short", KeyKind::kRsa1024); }, "CF1347 fatal",
       "CF1347 warning"},
      {"an odd curve", [](Spec& s) { s.key = TestKey::named("odd", KeyKind::kSecp256k1); }, "CF1347 fatal",
       "CF1347 warning"},
      {"explicit curve", [](Spec& s) { s.key = TestKey::named("explicit", KeyKind::kP256Explicit); }, "CF1347 fatal",
       "CF1347 fatal"},
      {"Ed25519", [](Spec& s) { s.key = TestKey::named("edwards", KeyKind::kEd25519); }, "CF1347 fatal", ""},
      {"SHA-1", [](Spec& s) { s.digest = "SHA1"; }, "CF1348 fatal", "CF1348 warning"},
      {"an unknown extension", [](Spec& s) { s.extensions = {null_extension("1.2.3", false)}; }, "", ""},
      {"critical and unknown", [](Spec& s) { s.extensions = {null_extension("1.2.3", true)}; }, "CF1314 fatal",
       "CF1314 fatal"},
      {"one twice", [](Spec& s) { s.extensions = {null_extension("1.2.3", false), null_extension("1.2.3", false)}; },
       "CF1332 fatal", "CF1332 fatal"},
      {"another common name", [](Spec& s) { s.subject = {{"CN", "other.example.com"}}; }, "CF1344 fatal",
       "CF1344 warning"},
      {"its common name in capitals", [](Spec& s) { s.subject = {{"CN", "WEB.example.com"}}; }, "CF1344 fatal",
       "CF1344 warning"},
      {"an unrelated common name", [](Spec& s) { s.subject = {{"CN", "other.example.net"}}; }, "CF1344 warning",
       "CF1344 warning"},
      {"a common name that is no host", [](Spec& s) { s.subject = {{"CN", "Mail gateway 2"}}; }, "", ""},
  };
  expect(cases, server_spec({"web.example.com"}), Role::kLeaf, &root);
}

TEST(CertificateRules, OfIntermediates) {
  const auto root = make_root("Root");
  CertificateSpec good;
  good.subject = {{"CN", "Issuing"}};
  good.ca = true;
  good.key_usage = x509::kKeyCertSign | x509::kCrlSign;
  using Spec = CertificateSpec;
  const std::vector<Case> cases = {
      {"as it should be", [](Spec&) {}, "", ""},
      {"for servers", [](Spec& s) { s.extended_key_usage = {"serverAuth", "clientAuth"}; }, "", ""},
      {"for anything", [](Spec& s) { s.extended_key_usage = {"any"}; }, "", ""},
      {"for mail", [](Spec& s) { s.extended_key_usage = {"emailProtection"}; }, "CF1313 fatal", "CF1313 fatal"},
      {"no CA", [](Spec& s) { s.ca = false; }, "CF1307 fatal", "CF1307 fatal"},
      {"silent on it", [](Spec& s) { s.ca.reset(); }, "CF1307 fatal", "CF1307 fatal"},
      {"may not sign", [](Spec& s) { s.key_usage = x509::kDigitalSignature; }, "CF1308 fatal", "CF1308 fatal"},
      {"no key usage", [](Spec& s) { s.key_usage.reset(); }, "", ""},
      {"no subject",
       [](Spec& s) {
         s.subject = {};
         s.key = TestKey::named("nobody");
       },
       "CF1345 fatal", "CF1345 warning"},
      {"open policy constraints",
       [](Spec& s) { s.extensions = {{"2.5.29.36", {0x30, 0x03, 0x80, 0x01, 0x00}, false}}; }, "CF1339 fatal",
       "CF1339 warning"},
      {"empty name constraints", [](Spec& s) { s.extensions = {{"2.5.29.30", {0x30, 0x00}, true}}; }, "CF1338 fatal",
       "CF1338 warning"},
  };
  expect(cases, good, Role::kIntermediate, &root);
}

TEST(CertificateRules, OfRootsAreAMatterOfTheWeb) {
  CertificateSpec spec;
  spec.subject = {{"CN", "Root"}};
  spec.ca = true;
  spec.key_usage = x509::kKeyCertSign;
  using Spec = CertificateSpec;
  const std::vector<Case> cases = {
      {"as it should be", [](Spec&) {}, "", ""},
      {"expired", [](Spec& s) { s.not_after = kNow - std::chrono::seconds(1); }, "CF1305 fatal", "CF1305 fatal"},
      {"serial 0, as several public ones", [](Spec& s) { s.serial = {0}; }, "", ""},
      {"SHA-1 on itself", [](Spec& s) { s.digest = "SHA1"; }, "", ""},
      {"a purpose", [](Spec& s) { s.extended_key_usage = {"serverAuth"}; }, "CF1337 fatal", "CF1337 warning"},
      {"a short key", [](Spec& s) { s.key = TestKey::named("short", KeyKind::kRsa1024); }, "CF1347 fatal", ""},
      {"no basicConstraints", [](Spec& s) { s.ca.reset(); }, "CF1307 fatal", "CF1307 warning"},
      {"no CA", [](Spec& s) { s.ca = false; }, "CF1307 fatal", "CF1307 fatal"},
  };
  expect(cases, spec, Role::kAnchor, nullptr);
}

TEST(CertificateRules, TellWhoseFindingItIs) {
  CertificateSpec spec = server_spec({"web.example.com"});
  spec.serial = {0};
  const auto certificate = make_certificate(spec, nullptr).certificate();
  EXPECT_EQ(described(*certificate, Role::kLeaf), "the certificate 'web.example.com'");
  EXPECT_EQ(described(*certificate, Role::kIntermediate), "the intermediate 'web.example.com'");
  EXPECT_EQ(described(*certificate, Role::kAnchor), "the root 'web.example.com'");
}

}  // namespace
}  // namespace certferry::chain
