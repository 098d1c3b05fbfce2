// What hostile files may cost: the work is bounded by counts, never by time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "chain/verify.h"
#include "x509/testing/certificate_maker.h"

namespace certferry::chain {
namespace {

using namespace x509::testing;

CertificateSpec ca_spec(std::string name, std::string_view key) {
  CertificateSpec spec;
  spec.subject = {{"CN", std::move(name)}};
  spec.ca = true;
  spec.key_usage = x509::kKeyCertSign;
  spec.key = TestKey::named(key);
  return spec;
}

Options web_options() {
  Options options;
  options.now = kNow;
  options.purpose = x509::oid::kServerAuth;
  options.mode = Mode::kWeb;
  return options;
}

bool has(const Verdict& verdict, std::string_view id) {
  return std::ranges::find(verdict.findings, id, &Finding::id) != verdict.findings.end();
}

// Levels of CAs; each has `width` certificates of the same name and key, issued by the level above: width^levels paths.
std::vector<x509::Certificate> mesh(int levels, int width, const MadeCertificate& top, MadeCertificate& lowest) {
  std::vector<x509::Certificate> pool;
  MadeCertificate issuer = top;
  for (int level = 0; level < levels; ++level) {
    std::optional<MadeCertificate> made;
    for (int i = 0; i < width; ++i) {
      auto spec = ca_spec("Level " + std::to_string(level), "mesh " + std::to_string(level));
      spec.serial = {static_cast<std::uint8_t>(level + 1), static_cast<std::uint8_t>(i + 1)};
      made = make_certificate(spec, &issuer);
      pool.push_back(made->certificate());
    }
    issuer = *made;
  }
  lowest = issuer;
  return pool;
}

TEST(Limits, AMeshWithoutAnAnchorCostsNextToNothing) {
  MadeCertificate lowest = make_root("Unused");
  const auto pool = mesh(12, 8, make_certificate(ca_spec("Top", "mesh top")), lowest);
  const auto leaf = make_certificate(server_spec({"web.example.com"}), &lowest).certificate();
  const std::vector<x509::Certificate> anchors = {make_root("Other").certificate()};
  const Verdict verdict = verify(leaf, pool, {anchors, nullptr}, web_options());
  EXPECT_FALSE(verdict.valid);
  EXPECT_LE(verdict.signatures_checked, pool.size() + 1);  // of 8^12 paths
  EXPECT_TRUE(has(verdict, "CF1301"));
}

TEST(Limits, AMeshBelowAnAnchorThatFailsEndsAtTheLimit) {
  // Every path reaches the root and fails there: it may not issue for these names.
  auto spec = ca_spec("Top", "mesh top");
  const Bytes subtree = der_sequence({der_element(0x82, as_bytes("other.example"))});
  spec.extensions = {{"2.5.29.30", der_sequence({der_element(0xa0, subtree)}), true}};
  const auto top = make_certificate(spec);
  MadeCertificate lowest = top;
  const auto pool = mesh(10, 6, top, lowest);
  const auto leaf = make_certificate(server_spec({"web.example.com"}), &lowest).certificate();
  const std::vector<x509::Certificate> anchors = {top.certificate()};
  const Verdict verdict = verify(leaf, pool, {anchors, nullptr}, web_options());
  EXPECT_FALSE(verdict.valid);
  EXPECT_EQ(verdict.trust, Trust::kAnchored);
  EXPECT_TRUE(has(verdict, "CF1311"));
  EXPECT_TRUE(has(verdict, "CF1315"));
  EXPECT_LE(verdict.signatures_checked, pool.size() + 1);
}

TEST(Limits, ManyIssuersOfOneNameCostNoMoreSignaturesThanAllowed) {
  // Without key identifiers every one of them has to be tried.
  const auto root = make_root("Root");
  std::vector<x509::Certificate> pool;
  std::optional<MadeCertificate> real;
  for (int i = 0; i < 40; ++i) {
    auto spec = ca_spec("Issuer", "bomb " + std::to_string(i));
    spec.key_identifiers = false;
    real = make_certificate(spec, &root);
    pool.push_back(real->certificate());
  }
  auto spec = server_spec({"web.example.com"});
  spec.key_identifiers = false;
  const auto leaf = make_certificate(spec, &*real).certificate();
  const std::vector<x509::Certificate> anchors = {root.certificate()};
  Options options = web_options();
  options.mode = Mode::kTolerant;
  EXPECT_TRUE(verify(leaf, pool, {anchors, nullptr}, options).valid);
  options.limits.signatures = 10;
  const Verdict verdict = verify(leaf, pool, {anchors, nullptr}, options);
  EXPECT_FALSE(verdict.valid);
  EXPECT_EQ(verdict.signatures_checked, 10u);
  ASSERT_TRUE(has(verdict, "CF1315"));
  EXPECT_EQ(verdict.findings.back().message, "no path was found before the limit of 10 signatures was reached");
}

TEST(Limits, KeyIdentifiersLeadStraightToTheIssuer) {
  const auto root = make_root("Root");
  std::vector<x509::Certificate> pool;
  std::optional<MadeCertificate> real;
  for (int i = 0; i < 40; ++i) {
    real = make_certificate(ca_spec("Issuer", "bomb " + std::to_string(i)), &root);
    pool.push_back(real->certificate());
  }
  const auto leaf = make_certificate(server_spec({"web.example.com"}), &*real).certificate();
  const std::vector<x509::Certificate> anchors = {root.certificate()};
  const Verdict verdict = verify(leaf, pool, {anchors, nullptr}, web_options());
  EXPECT_TRUE(verdict.valid);
  EXPECT_EQ(verdict.signatures_checked, 2u);
}

TEST(Limits, APathIsNoLongerThanAllowed) {
  MadeCertificate issuer = make_root("Root");
  const std::vector<x509::Certificate> anchors = {issuer.certificate()};
  std::vector<x509::Certificate> pool;
  for (int i = 0; i < 40; ++i) {
    issuer = make_certificate(ca_spec("Link " + std::to_string(i), "link " + std::to_string(i % 5)), &issuer);
    pool.push_back(issuer.certificate());
  }
  const auto leaf = make_certificate(server_spec({"web.example.com"}), &issuer).certificate();
  Options options = web_options();
  const Verdict verdict = verify(leaf, pool, {anchors, nullptr}, options);
  EXPECT_FALSE(verdict.valid);
  EXPECT_TRUE(has(verdict, "CF1315"));
  options.limits.path_length = 42;
  EXPECT_TRUE(verify(leaf, pool, {anchors, nullptr}, options).valid);
}

}  // namespace
}  // namespace certferry::chain
