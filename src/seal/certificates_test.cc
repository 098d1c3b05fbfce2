#include "seal/certificates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "seal/key_file.h"
#include "seal/keys.h"
#include "x509/oid.h"

namespace certferry::seal {
namespace {

using std::chrono::days;
using std::chrono::years;
using ::testing::ElementsAre;

constexpr Time kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 24);

class FleetCertificates : public ::testing::Test {
 protected:
  [[nodiscard]] Result<x509::Certificate> server(const std::vector<std::string>& names,
                                                 Validity validity = {kNow, kNow + days(90)}) const {
    return issue_server(root, ca, relay.public_key(), names, validity);
  }

  const x509::PrivateKey root = *make_key(), relay = *make_key();
  const x509::Certificate ca = *make_ca(root, {kNow, kNow + days(3650)});
};

// The first one of the text.
x509::Certificate read(std::string_view pem) {
  constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----", kEnd = "-----END CERTIFICATE-----";
  return *x509::Certificate::from_der(*from_base64(pem.substr(kBegin.size(), pem.find(kEnd) - kBegin.size())));
}

bool is_signed_with(const x509::Certificate& certificate, const x509::PrivateKey& key) {
  return key.public_key().verify(certificate->signature_algorithm, certificate->tbs, certificate->signature) ==
         x509::SignatureStatus::kGood;
}

TEST_F(FleetCertificates, TheCaIsTheRootKeyAndIssuesServersOnly) {
  EXPECT_EQ(ca->subject.text(), "CN=certferry fleet " + fingerprint(root.public_key().spki()).substr(0, 16));
  EXPECT_TRUE(ca.self_signed());
  EXPECT_TRUE(ca.is_ca());
  EXPECT_EQ(ca->basic_constraints->path_length, 0u);
  EXPECT_EQ(ca->key_usage, x509::kKeyCertSign);
  EXPECT_EQ(ca->public_key, root.public_key());
  EXPECT_EQ(ca->not_before, kNow);
  EXPECT_EQ(ca->not_after, kNow + days(3650));
  EXPECT_TRUE(ca->defects.empty());
}

TEST_F(FleetCertificates, AServerIsNamedAndSignedByTheCa) {
  const auto made = server({"Relay.example", "192.0.2.1", "2001:db8::1"});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_THAT(made->names(), ElementsAre("relay.example", "192.0.2.1", "2001:db8::1"));
  EXPECT_TRUE(is_signed_with(*made, root));
  EXPECT_EQ((*made)->issuer, ca->subject);
  EXPECT_EQ((*made)->authority_key_id->key_id, ca->subject_key_id);
  EXPECT_EQ((*made)->public_key, relay.public_key());
  EXPECT_EQ((*made)->key_usage, x509::kDigitalSignature);
  EXPECT_THAT(*(*made)->extended_key_usage, ElementsAre(x509::oid::kServerAuth));
  EXPECT_FALSE(made->is_ca());
  EXPECT_TRUE((*made)->defects.empty());
}

TEST_F(FleetCertificates, AServerNeverOutlivesTheCa) {
  const auto made = server({"relay.example"}, {kNow - days(1), kNow + days(36500)});
  ASSERT_TRUE(made);
  EXPECT_EQ((*made)->not_before, ca->not_before);
  EXPECT_EQ((*made)->not_after, ca->not_after);
}

TEST_F(FleetCertificates, AnIdentitySpeaksThroughAKeyThatItSigned) {
  const std::string label(60, 'a');
  const std::string fqdn = label + "." + label + "." + label + ".example";
  const auto made = make_identity(relay, fqdn, {kNow, kNow + days(3650)});
  ASSERT_TRUE(made) << made.error().message;
  const std::size_t second = made->certificates.find("-----BEGIN", 1);
  const x509::Certificate shown = read(made->certificates.substr(0, second)),
                          issuer = read(made->certificates.substr(second));
  EXPECT_THAT(shown.names(), ElementsAre(fqdn));
  EXPECT_FALSE(shown.self_signed());
  EXPECT_FALSE(shown.is_ca());
  EXPECT_EQ(shown->public_key, key_from_pem(made->key.text(), Secret())->public_key());
  EXPECT_NE(shown->public_key, relay.public_key());
  EXPECT_THAT(*shown->extended_key_usage, ElementsAre(x509::oid::kClientAuth));
  EXPECT_TRUE(shown->defects.empty());
  EXPECT_TRUE(issuer.self_signed());
  EXPECT_TRUE(issuer->defects.empty());
  EXPECT_EQ(identity_behind(shown, issuer), to_bytes(relay.public_key().spki()));
}

TEST_F(FleetCertificates, NobodySpeaksForAnIdentityThatDidNotSignIt) {
  const auto stolen = [](const std::string& certificates) {
    return read(certificates.substr(certificates.find("-----BEGIN", 1)));
  };
  const auto victim = make_identity(relay, "web01.example", {kNow, kNow + days(1)}),
             attacker = make_identity(root, "web01.example", {kNow, kNow + days(1)});
  ASSERT_TRUE(victim && attacker);
  EXPECT_EQ(identity_behind(read(attacker->certificates), stolen(victim->certificates)), std::nullopt);
  EXPECT_EQ(identity_behind(read(attacker->certificates), stolen(attacker->certificates)),
            to_bytes(root.public_key().spki()));
}

TEST_F(FleetCertificates, DatesAreWrittenAsRfc5280Wants) {
  const Time last = std::chrono::sys_days(std::chrono::year(2049) / 12 / 31) + days(1) - std::chrono::seconds(1);
  for (const Time end : {last, last + std::chrono::seconds(1), kNow}) {
    const auto made = make_ca(root, {kNow, end});
    ASSERT_TRUE(made);
    EXPECT_EQ((*made)->not_after, end);
    EXPECT_TRUE((*made)->defects.empty());
  }
}

TEST_F(FleetCertificates, EachHasAnotherSerialNumber) {
  EXPECT_NE(server({"relay.example"})->serial_hex(), server({"relay.example"})->serial_hex());
}

TEST_F(FleetCertificates, RefuseWhatCannotBeSaid) {
  const auto refused = [](const auto& made) { return made ? "made" : made.error().id; };
  EXPECT_EQ(refused(server({})), "CF2230");
  EXPECT_EQ(refused(server({"not a name"})), "CF2230");
  EXPECT_EQ(refused(server({"*.example"})), "CF2230");
  EXPECT_EQ(refused(server({"relay.example"}, {kNow + days(1), kNow})), "CF2230");
  EXPECT_EQ(refused(server({"relay.example"}, {kNow + days(4000), kNow + days(4001)})), "CF2230");
  EXPECT_EQ(refused(issue_server(relay, ca, relay.public_key(), std::vector<std::string>{"relay.example"},
                                 {kNow, kNow + days(1)})),
            "CF2230");
  EXPECT_EQ(refused(make_identity(relay, "", {kNow, kNow + days(1)})), "CF2230");
}

}  // namespace
}  // namespace certferry::seal
