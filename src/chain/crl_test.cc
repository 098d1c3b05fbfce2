#include "chain/crl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "chain/verify.h"
#include "x509/testing/certificate_maker.h"

namespace certferry::chain {
namespace {

using namespace x509::testing;

struct CrlSpec {
  std::vector<Bytes> serials = {};
  std::string this_update = "20260525000000Z";
  std::optional<std::string> next_update = "20260625000000Z";
  std::vector<RawExtension> extensions = {{"2.5.29.20", {0x02, 0x01, 0x07}, false}};
  std::vector<Bytes> entry_extensions = {};
};

Bytes time(const std::string& text) {
  // UTCTime until 2049.
  return der_element(0x17, as_bytes(std::string_view(text).substr(2)));
}

Bytes extension(const RawExtension& raw) {
  std::vector<Bytes> parts = {der_element(0x06, as_bytes(x509::oid_from_dotted(raw.oid)))};
  if (raw.critical) parts.push_back({0x01, 0x01, 0xff});
  parts.push_back(der_element(0x04, raw.value));
  return der_sequence(parts);
}

Bytes make_crl(const MadeCertificate& issuer, const CrlSpec& spec = {}) {
  const Bytes algorithm = issuer.key.signature_algorithm("SHA256");
  std::vector<Bytes> entries;
  for (const Bytes& serial : spec.serials) {
    std::vector<Bytes> entry = {der_element(0x02, serial), time("20260520000000Z")};
    if (!spec.entry_extensions.empty()) entry.push_back(der_sequence(spec.entry_extensions));
    entries.push_back(der_sequence(entry));
  }
  std::vector<Bytes> fields = {{0x02, 0x01, 0x01}, algorithm, issuer.subject, time(spec.this_update)};
  if (spec.next_update) fields.push_back(time(*spec.next_update));
  if (!entries.empty()) fields.push_back(der_sequence(entries));
  std::vector<Bytes> extensions;
  extensions.reserve(spec.extensions.size());
  for (const RawExtension& raw : spec.extensions) extensions.push_back(extension(raw));
  if (!extensions.empty()) fields.push_back(der_element(0xa0, der_sequence(extensions)));
  const Bytes tbs = der_sequence(fields);
  Bytes signature = issuer.key.sign(tbs, "SHA256");
  signature.insert(signature.begin(), 0);
  return der_sequence({tbs, algorithm, der_element(0x03, signature)});
}

class CrlTest : public ::testing::Test {
 protected:
  RevocationStatus status(const CrlSpec& spec) {
    const auto crl = Crl::from_der(make_crl(root, spec));
    EXPECT_TRUE(crl) << crl.error().message;
    const std::vector<Crl> crls = {*crl};
    return revocation_of(*leaf.certificate(), *root.certificate(), crls, kNow);
  }

  MadeCertificate root = make_root("Root");
  MadeCertificate leaf = make_certificate(server_spec({"web.example.com"}), &root);
  Bytes serial = leaf.certificate()->serial;
};

TEST_F(CrlTest, TellsWhatIsRevoked) {
  EXPECT_EQ(status({}).revocation, Revocation::kGood);
  EXPECT_EQ(status({.serials = {{0x01}, {0x02}}}).revocation, Revocation::kGood);
  const auto revoked =
      status({.serials = {{0x01}, serial}, .entry_extensions = {extension({"2.5.29.21", {0x0a, 0x01, 0x01}, false})}});
  EXPECT_EQ(revoked.revocation, Revocation::kRevoked);
  EXPECT_EQ(revoked.reason, "since 2026-05-20T00:00:00Z (key compromise)");
}

TEST_F(CrlTest, RefusesListsThatMustNotDecide) {
  struct Case {
    CrlSpec spec;
    std::string reason;
  };
  const RawExtension number = {"2.5.29.20", {0x02, 0x01, 0x07}, false};
  const auto point = [&](const Bytes& content) { return RawExtension{"2.5.29.28", der_sequence({content}), true}; };
  const Case cases[] = {
      {{.this_update = "20260602000000Z"}, "it is dated 2026-06-02T00:00:00Z"},
      {{.next_update = "20260530000000Z"}, "it is out of date since 2026-05-30T00:00:00Z"},
      {{.next_update = std::nullopt}, "it does not say when the next one is due"},
      {{.extensions = {}}, "it has no number (RFC 5280 section 5.2.3)"},
      {{.extensions = {{"2.5.29.20", {0x02, 0x01, 0x07}, true}}},
       "its number is marked critical (RFC 5280 section 5.2.3)"},
      {{.extensions = {number, {"2.5.29.27", {0x02, 0x01, 0x05}, true}}},
       "it is a delta list, which says nothing without its base"},
      {{.extensions = {number, {"1.2.3.4", {0x05, 0x00}, true}}},
       "it has a critical extension that is not understood: 1.2.3.4"},
      {{.extensions = {number, point({0x84, 0x01, 0xff})}}, "it is an indirect list, issued for other CAs"},
      {{.extensions = {number, point({0x85, 0x01, 0xff})}}, "it covers attribute certificates only"},
      {{.extensions = {number, point({0x83, 0x02, 0x07, 0x80})}}, "it covers only some reasons for a revocation"},
  };
  for (const Case& c : cases) {
    const auto result = status(c.spec);
    EXPECT_EQ(result.revocation, Revocation::kUnusable) << c.reason;
    EXPECT_EQ(result.reason, c.reason);
  }
}

TEST_F(CrlTest, PassesOverListsOfAnotherScope) {
  const RawExtension number = {"2.5.29.20", {0x02, 0x01, 0x07}, false};
  const RawExtension users{"2.5.29.28", der_sequence({Bytes{0x81, 0x01, 0xff}}), true};
  const RawExtension cas{"2.5.29.28", der_sequence({Bytes{0x82, 0x01, 0xff}}), true};
  EXPECT_EQ(status({.serials = {serial}, .extensions = {number, users}}).revocation, Revocation::kRevoked);
  EXPECT_EQ(status({.serials = {serial}, .extensions = {number, cas}}).revocation, Revocation::kNoList);
}

TEST_F(CrlTest, WantsTheIssuersSignature) {
  const auto other = make_root("Other");
  MadeCertificate forged = other;
  forged.subject = root.subject;
  const std::vector<Crl> crls = {*Crl::from_der(make_crl(forged))};
  const auto result = revocation_of(*leaf.certificate(), *root.certificate(), crls, kNow);
  EXPECT_EQ(result.revocation, Revocation::kUnusable);
  EXPECT_EQ(result.reason, "its signature is wrong");
  const std::vector<Crl> elsewhere = {*Crl::from_der(make_crl(other, {.serials = {serial}}))};
  EXPECT_EQ(revocation_of(*leaf.certificate(), *root.certificate(), elsewhere, kNow).revocation, Revocation::kNoList);
}

TEST_F(CrlTest, MakesThePathInvalid) {
  const std::vector<x509::Certificate> anchors = {root.certificate()};
  const std::vector<Crl> crls = {*Crl::from_der(make_crl(root, {.serials = {serial}}))};
  Options options;
  options.now = kNow;
  options.crls = crls;
  const Verdict verdict = verify(leaf.certificate(), {}, {anchors, nullptr}, options);
  EXPECT_FALSE(verdict.valid);
  ASSERT_EQ(verdict.findings.size(), 1u);
  EXPECT_EQ(verdict.findings[0].id, "CF1317");
  EXPECT_EQ(verdict.findings[0].message, "the certificate 'web.example.com' is revoked since 2026-05-20T00:00:00Z");
}

TEST(Crl, ReadsPemAndDerAndRefusesTheRest) {
  const auto root = make_root("Root");
  const Bytes der = make_crl(root);
  const std::string pem = "text\n-----BEGIN X509 CRL-----\n" + base64(der) + "\n-----END X509 CRL-----\n";
  EXPECT_EQ(Crl::read_all(der)->size(), 1u);
  EXPECT_EQ(Crl::read_all(as_bytes(pem + pem))->size(), 2u);
  const auto nothing = Crl::read_all(as_bytes("hello"));
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().id, "CF1320");
  EXPECT_EQ(nothing.error().message,
            "the revocation list cannot be read: the file holds none, neither in DER nor in PEM");
  for (std::size_t size = 0; size < der.size(); ++size) EXPECT_FALSE(Crl::from_der(ByteView(der).first(size))) << size;
}

TEST_F(CrlTest, AcceptsNoListThatWasChanged) {
  const Bytes der = make_crl(root, {.serials = {{0x01}, serial}});
  EXPECT_TRUE(rc::check([&] {
    Bytes changed = der;
    const auto at = *rc::gen::inRange<std::size_t>(0, changed.size());
    changed[at] = static_cast<std::uint8_t>(changed[at] ^ (1u << *rc::gen::inRange(0, 8)));
    const auto crl = Crl::from_der(changed);
    if (!crl) return;
    const std::vector<Crl> crls = {*crl};
    const auto result = revocation_of(*leaf.certificate(), *root.certificate(), crls, kNow).revocation;
    RC_ASSERT(result == Revocation::kUnusable || result == Revocation::kNoList);
  }));
}

}  // namespace
}  // namespace certferry::chain
