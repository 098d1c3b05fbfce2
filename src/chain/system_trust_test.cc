#include "chain/system_trust.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "x509/testing/certificate_maker.h"

namespace certferry::chain {
namespace {

using namespace x509::testing;

TEST(SystemTrust, FindsEachCertificateBySubject) {
  std::string bundle = "# comment\n";
  std::vector<MadeCertificate> roots;
  for (int i = 0; i < 20; ++i) {
    roots.push_back(make_root("Root " + std::to_string(i)));
    bundle += roots.back().pem();
  }
  const SystemTrust trust(bundle);
  EXPECT_EQ(trust.size(), 20u);
  EXPECT_EQ(trust.all().size(), 20u);
  for (const auto& root : roots) {
    EXPECT_THAT(trust.find(root.certificate()->subject), ::testing::ElementsAre(root.certificate()));
  }
  EXPECT_THAT(trust.find(make_root("Root 20").certificate()->subject), ::testing::IsEmpty());
}

TEST(SystemTrust, FindsAllOfTheSameSubjectInTheOrderOfTheFile) {
  const auto one = make_root("Root", KeyKind::kP256);
  const auto two = make_root("Root", KeyKind::kRsa2048);
  const SystemTrust trust(two.pem() + one.pem());
  EXPECT_THAT(trust.find(one.certificate()->subject), ::testing::ElementsAre(two.certificate(), one.certificate()));
}

TEST(SystemTrust, FindsNamesThatAreWrittenOtherwise) {
  CertificateSpec spec;
  spec.subject = {{"C", "DE"}, {"O", "Müller  GmbH"}, {"CN", "Root CA"}};
  spec.ca = true;
  const auto root = make_certificate(spec);
  const SystemTrust trust(root.pem());
  spec.subject = {{"C", "de"}, {"O", "Müller GMBH"}, {"CN", "ROOT  ca"}};
  const auto other = make_certificate(spec);
  ASSERT_EQ(other.certificate()->subject, root.certificate()->subject);
  EXPECT_THAT(trust.find(other.certificate()->subject), ::testing::ElementsAre(root.certificate()));
}

TEST(SystemTrust, ReadsSubjectsFarIntoTheCertificate) {
  CertificateSpec spec;
  spec.subject = {};
  for (int i = 0; i < 60; ++i) spec.subject.emplace_back("OU", "organizational unit number " + std::to_string(i));
  spec.ca = true;
  const auto root = make_certificate(spec);
  EXPECT_THAT(SystemTrust(root.pem()).find(root.certificate()->subject), ::testing::ElementsAre(root.certificate()));
}

TEST(SystemTrust, PassesOverWhatIsDamaged) {
  const auto root = make_root("Root");
  const std::string damaged = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
  const SystemTrust trust(damaged + root.pem() + "-----BEGIN CERTIFICATE-----\nMIIB");
  EXPECT_EQ(trust.size(), 1u);
  EXPECT_EQ(trust.find(root.certificate()->subject).size(), 1u);
  EXPECT_EQ(SystemTrust("").size(), 0u);
}

}  // namespace
}  // namespace certferry::chain
