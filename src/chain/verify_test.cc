#include "chain/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "x509/testing/certificate_maker.h"

namespace certferry::chain {
namespace {

using namespace x509::testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> labels(const Verdict& verdict) {
  std::vector<std::string> names;
  names.reserve(verdict.path.size());
  for (const auto& certificate : verdict.path) names.push_back(certificate->subject.label());
  return names;
}

// "CF1305 fatal: …" of each.
std::vector<std::string> lines(const Findings& findings) {
  std::vector<std::string> text;
  for (const Finding& finding : findings)
    text.push_back(finding.id + " " + std::string(name_of(finding.severity)) + ": " + finding.message);
  return text;
}

MadeCertificate ca(std::string_view name, const MadeCertificate* issuer, CertificateSpec spec = {}) {
  spec.subject = {{"CN", std::string(name)}};
  spec.ca = true;
  spec.key_usage = x509::kKeyCertSign | x509::kCrlSign;
  spec.not_before = std::chrono::sys_days(std::chrono::year(2024) / 1 / 1);
  if (spec.not_after == CertificateSpec().not_after)
    spec.not_after = std::chrono::sys_days(std::chrono::year(2034) / 1 / 1);
  return make_certificate(spec, issuer);
}

class VerifyTest : public ::testing::Test {
 protected:
  Verdict run(const MadeCertificate& certificate, const std::vector<MadeCertificate>& untrusted,
              const std::vector<MadeCertificate>& trusted) {
    std::vector<x509::Certificate> pool;
    pool.reserve(untrusted.size());
    std::vector<x509::Certificate> anchors;
    anchors.reserve(trusted.size());
    for (const auto& made : untrusted) pool.push_back(made.certificate());
    for (const auto& made : trusted) anchors.push_back(made.certificate());
    return verify(certificate.certificate(), pool, {anchors, nullptr}, options);
  }

  VerifyTest() {
    options.now = kNow;
    options.purpose = x509::oid::kServerAuth;
    options.mode = Mode::kWeb;
  }

  MadeCertificate root = make_root("Root");
  MadeCertificate first = make_intermediate("First", root);
  MadeCertificate second = make_intermediate("Second", first);
  MadeCertificate leaf = make_certificate(server_spec({"web.example.com"}), &second);
  Options options;
};

TEST_F(VerifyTest, FindsThePathWhateverTheOrder) {
  options.names = {*Reference::from_text("web.example.com")};
  for (const auto& pool :
       {std::vector{first, second}, std::vector{second, first}, std::vector{leaf, second, second, root, first}}) {
    const Verdict verdict = run(leaf, pool, {root});
    EXPECT_TRUE(verdict.valid);
    EXPECT_EQ(verdict.trust, Trust::kAnchored);
    EXPECT_THAT(labels(verdict), ElementsAre("web.example.com", "Second", "First", "Root"));
    EXPECT_THAT(lines(verdict.findings), IsEmpty());
    EXPECT_EQ(verdict.signatures_checked, 3u);
  }
}

TEST_F(VerifyTest, TellsWhichIssuerIsMissing) {
  const Verdict verdict = run(leaf, {second}, {root});
  EXPECT_FALSE(verdict.valid);
  EXPECT_EQ(verdict.trust, Trust::kIncomplete);
  EXPECT_TRUE(verdict.sound_but_for_trust());
  ASSERT_TRUE(verdict.missing_issuer);
  EXPECT_EQ(verdict.missing_issuer->text(), "CN=First");
  EXPECT_THAT(labels(verdict), ElementsAre("web.example.com", "Second"));
  EXPECT_THAT(lines(verdict.findings),
              ElementsAre("CF1301 fatal: the issuer 'CN=First' of the intermediate 'Second' is missing"));
}

TEST_F(VerifyTest, TellsThatTheRootIsUnknown) {
  const Verdict verdict = run(leaf, {second, first, root}, {make_root("Other")});
  EXPECT_EQ(verdict.trust, Trust::kUnknownRoot);
  EXPECT_TRUE(verdict.sound_but_for_trust());
  EXPECT_THAT(labels(verdict), ElementsAre("web.example.com", "Second", "First", "Root"));
  EXPECT_THAT(lines(verdict.findings), ElementsAre("CF1302 fatal: the root 'Root' is not trusted here"));
}

TEST_F(VerifyTest, TellsThatASelfSignedCertificateIsNotTrusted) {
  auto spec = server_spec({"alone.example.com"});
  const auto alone = make_certificate(spec);
  EXPECT_THAT(
      lines(run(alone, {}, {root}).findings),
      ElementsAre("CF1302 fatal: the certificate 'alone.example.com' is self-signed and not among the trusted ones"));
  EXPECT_TRUE(run(alone, {}, {alone}).valid);
}

TEST_F(VerifyTest, TakesAnIntermediateAsAnchor) {
  const Verdict verdict = run(leaf, {first, root}, {second});
  EXPECT_TRUE(verdict.valid);
  EXPECT_THAT(labels(verdict), ElementsAre("web.example.com", "Second"));
}

TEST_F(VerifyTest, TellsWhatExpiredWhen) {
  options.now = std::chrono::sys_days(std::chrono::year(2035) / 1 / 1);
  const Verdict verdict = run(leaf, {first, second}, {root});
  EXPECT_EQ(verdict.trust, Trust::kAnchored);
  EXPECT_THAT(lines(verdict.findings),
              ElementsAre(::testing::HasSubstr("CF1305 fatal: the certificate 'web.example.com' expired at 2026-"),
                          ::testing::HasSubstr("CF1305 fatal: the intermediate 'Second' expired at 20"),
                          ::testing::HasSubstr("CF1305 fatal: the intermediate 'First' expired at 20")));
}

TEST_F(VerifyTest, TellsThatTheIssuerIsAnotherOneOfTheSameName) {
  CertificateSpec spec;
  spec.key = TestKey::named("another second");
  const auto impostor = ca("Second", &first, spec);
  const Verdict verdict = run(leaf, {first, impostor}, {root});
  EXPECT_FALSE(verdict.valid);
  EXPECT_FALSE(verdict.sound_but_for_trust());
  EXPECT_THAT(lines(verdict.findings),
              ElementsAre("CF1303 fatal: the certificate 'web.example.com' was not signed with the key of 'Second', "
                          "the name of its issuer"));
}

TEST_F(VerifyTest, ATrustedRootOfTheSameNameWithAnotherKeyIsNotTheOneThatIsMissing) {
  CertificateSpec spec;
  spec.key = TestKey::named("the root of before");
  const Verdict verdict = run(leaf, {second, first}, {ca("Root", nullptr, spec)});
  EXPECT_FALSE(verdict.valid);
  EXPECT_EQ(verdict.trust, Trust::kIncomplete);
  EXPECT_TRUE(verdict.sound_but_for_trust());
  EXPECT_THAT(lines(verdict.findings), ElementsAre(::testing::HasSubstr("CF1301 fatal")));
}

TEST_F(VerifyTest, GoesBackToAnotherIssuer) {
  // Cross-signed: the same CA, once below an unknown root, once expired, once good.
  const auto unknown = make_root("Unknown");
  CertificateSpec expired_spec;
  expired_spec.not_after = kNow - std::chrono::days(1);
  expired_spec.key = second.key;
  CertificateSpec cross_spec;
  cross_spec.key = second.key;
  const auto expired = ca("Second", &root, expired_spec);
  const auto cross = ca("Second", &unknown, cross_spec);
  for (const auto& pool : {std::vector{expired, cross, second, first}, std::vector{second, first, cross, expired}}) {
    const Verdict verdict = run(leaf, pool, {root});
    EXPECT_TRUE(verdict.valid);
    EXPECT_THAT(labels(verdict), ElementsAre("web.example.com", "Second", "First", "Root"));
  }
}

TEST_F(VerifyTest, EndsInCircles) {
  CertificateSpec a_spec;
  CertificateSpec b_spec;
  a_spec.key = TestKey::named("circle a");
  b_spec.key = TestKey::named("circle b");
  const auto a_root = ca("A", nullptr, a_spec);
  const auto b_root = ca("B", nullptr, b_spec);
  const auto a = ca("A", &b_root, a_spec);
  const auto b = ca("B", &a_root, b_spec);
  const auto end = make_certificate(server_spec({"web.example.com"}), &a);
  const Verdict verdict = run(end, {a, b}, {root});
  EXPECT_FALSE(verdict.valid);
  EXPECT_THAT(
      lines(verdict.findings),
      ElementsAre(
          "CF1321 fatal: the issuers of the intermediate 'B' certify each other in a circle that no root is part of"));
  EXPECT_TRUE(run(end, {a, b}, {b_root}).valid);
}

TEST_F(VerifyTest, TellsWhichNamesItHas) {
  options.names = {*Reference::from_text("web.example.com"), *Reference::from_text("mail.example.com")};
  const Verdict verdict = run(leaf, {first, second}, {root});
  EXPECT_EQ(verdict.trust, Trust::kAnchored);
  EXPECT_THAT(lines(verdict.findings),
              ElementsAre("CF1316 fatal: the certificate is not for mail.example.com; it is for web.example.com"));
}

TEST_F(VerifyTest, HoldsToDepthAndPathLength) {
  options.max_depth = 1;
  EXPECT_THAT(
      lines(run(leaf, {first, second}, {root}).findings),
      ElementsAre("CF1310 fatal: the intermediate 'First' is intermediate number 2 of the path, allowed are 1"));
  options.max_depth = 2;
  EXPECT_TRUE(run(leaf, {first, second}, {root}).valid);

  CertificateSpec short_spec;
  short_spec.path_length = 0;
  const auto narrow = ca("Narrow", &root, short_spec);
  const auto below = ca("Below", &narrow);
  const auto end = make_certificate(server_spec({"web.example.com"}), &below);
  EXPECT_THAT(lines(run(end, {narrow, below}, {root}).findings),
              ElementsAre("CF1309 fatal: the intermediate 'Narrow' allows 0 intermediates below it, but there are 1"));
}

TEST_F(VerifyTest, WantsThePurposeAllTheWay) {
  options.purpose = x509::oid::kClientAuth;
  EXPECT_THAT(lines(run(leaf, {first, second}, {root}).findings),
              ElementsAre("CF1313 fatal: the certificate 'web.example.com' is not for clientAuth (extendedKeyUsage)"));
  options.purpose = x509::oid::kServerAuth;
  CertificateSpec mail_spec;
  mail_spec.extended_key_usage = {"emailProtection"};
  const auto mail_ca = ca("Mail", &root, mail_spec);
  const auto end = make_certificate(server_spec({"web.example.com"}), &mail_ca);
  EXPECT_THAT(lines(run(end, {mail_ca}, {root}).findings),
              ElementsAre("CF1313 fatal: the intermediate 'Mail' may not issue certificates for serverAuth"));
  options.purpose.clear();
  EXPECT_TRUE(run(end, {mail_ca}, {root}).valid);
}

TEST_F(VerifyTest, RefusesALeafThatPlaysTheCa) {
  const auto below = make_certificate(server_spec({"victim.example.com"}), &leaf);
  const auto text = lines(run(below, {leaf, first, second}, {root}).findings);
  EXPECT_THAT(text,
              ::testing::Contains("CF1307 fatal: the intermediate 'web.example.com' is no CA (basicConstraints)"));
}

TEST_F(VerifyTest, JudgesPublicRulesFatalOrNotByMode) {
  auto spec = server_spec({"web.example.com"});
  spec.serial = {0};
  const auto odd = make_certificate(spec, &second);
  EXPECT_THAT(lines(run(odd, {first, second}, {root}).findings),
              ElementsAre("CF1331 fatal: the serial number of the certificate 'web.example.com' is zero"));
  options.mode = Mode::kTolerant;
  const Verdict verdict = run(odd, {first, second}, {root});
  EXPECT_TRUE(verdict.valid);
  EXPECT_THAT(lines(verdict.findings),
              ElementsAre("CF1331 warning: the serial number of the certificate 'web.example.com' is zero"));
}

TEST_F(VerifyTest, RefusesUnknownCriticalExtensionsInBothModes) {
  auto spec = server_spec({"web.example.com"});
  spec.extensions = {{"1.3.6.1.4.1.55738.666.1", {0x05, 0x00}, true}};
  const auto odd = make_certificate(spec, &second);
  for (Mode mode : {Mode::kWeb, Mode::kTolerant}) {
    options.mode = mode;
    EXPECT_THAT(
        lines(run(odd, {first, second}, {root}).findings),
        ElementsAre("CF1314 fatal: the certificate 'web.example.com' has a critical extension that is not understood: "
                    "1.3.6.1.4.1.55738.666.1"));
  }
}

TEST_F(VerifyTest, UsesTheCacheInsteadOfVerifyingAgain) {
  SignatureCache cache;
  options.cache = &cache;
  EXPECT_EQ(run(leaf, {first, second}, {root}).signatures_checked, 3u);
  EXPECT_EQ(run(leaf, {first, second}, {root}).signatures_checked, 0u);
  const auto sibling = make_certificate(server_spec({"other.example.com"}), &second);
  EXPECT_EQ(run(sibling, {first, second}, {root}).signatures_checked, 1u);
}

TEST_F(VerifyTest, FindsSystemAnchorsByName) {
  const SystemTrust system(make_root("Elsewhere").pem() + root.pem());
  const std::vector<x509::Certificate> pool = {first.certificate(), second.certificate()};
  const Verdict verdict = verify(leaf.certificate(), pool, {{}, &system}, options);
  EXPECT_TRUE(verdict.valid);
  EXPECT_TRUE(verdict.system_anchor);
  const std::vector<x509::Certificate> own = {root.certificate()};
  EXPECT_FALSE(verify(leaf.certificate(), pool, {own, &system}, options).system_anchor);
}

// Whatever order the certificates come in and whatever is among them, the verdict stays.
TEST_F(VerifyTest, DoesNotDependOnTheOrderOfTheFile) {
  std::vector<x509::Certificate> pool = {first.certificate(), second.certificate(), root.certificate(),
                                         leaf.certificate()};
  for (const char* name : {"Unrelated", "Second", "First"}) {
    CertificateSpec spec;
    spec.key = TestKey::named(std::string("noise ") + name);
    pool.push_back(ca(name, &root, spec).certificate());
  }
  const std::vector<x509::Certificate> anchors = {root.certificate()};
  EXPECT_TRUE(rc::check([&] {
    auto shuffled = pool;
    for (std::size_t i = shuffled.size(); i > 1; --i)
      std::swap(shuffled[i - 1], shuffled[*rc::gen::inRange<std::size_t>(0, i)]);
    const bool with_second = *rc::gen::arbitrary<bool>();
    if (!with_second) std::erase(shuffled, second.certificate());
    const Verdict verdict = verify(leaf.certificate(), shuffled, {anchors, nullptr}, options);
    RC_ASSERT(verdict.valid == with_second);
    if (with_second)
      RC_ASSERT(labels(verdict) == (std::vector<std::string>{"web.example.com", "Second", "First", "Root"}));
  }));
}

// One bit of any certificate of the path turned: never valid.
TEST_F(VerifyTest, AcceptsNoCertificateThatWasChanged) {
  const std::vector<x509::Certificate> anchors = {root.certificate()};
  EXPECT_TRUE(rc::check([&] {
    Bytes der = leaf.der;
    const auto at = *rc::gen::inRange<std::size_t>(0, der.size());
    der[at] = static_cast<std::uint8_t>(der[at] ^ (1u << *rc::gen::inRange(0, 8)));
    const auto changed = x509::Certificate::from_der(der);
    if (!changed) return;
    const std::vector<x509::Certificate> pool = {first.certificate(), second.certificate()};
    RC_ASSERT(!verify(*changed, pool, {anchors, nullptr}, options).valid);
  }));
}

}  // namespace
}  // namespace certferry::chain
