#include "chain/policies.h"

#include <gtest/gtest.h>

#include "x509/testing/certificate_maker.h"

namespace certferry::chain {
namespace {

using namespace x509::testing;

constexpr std::string_view kGold = "1.3.6.1.4.1.55738.1";
constexpr std::string_view kSilver = "1.3.6.1.4.1.55738.2";
constexpr std::string_view kAny = "2.5.29.32.0";

Bytes oid_element(std::string_view dotted) { return der_element(0x06, as_bytes(x509::oid_from_dotted(dotted))); }

RawExtension policies(const std::vector<std::string_view>& list) {
  std::vector<Bytes> elements;
  elements.reserve(list.size());
  for (auto policy : list) elements.push_back(der_sequence({oid_element(policy)}));
  return {"2.5.29.32", der_sequence(elements), false};
}
RawExtension mapping(std::string_view from, std::string_view to) {
  return {"2.5.29.33", der_sequence({der_sequence({oid_element(from), oid_element(to)})}), true};
}
RawExtension require_explicit(std::uint8_t after) {
  return {"2.5.29.36", der_sequence({Bytes{0x80, 0x01, after}}), true};
}
RawExtension inhibit_mapping(std::uint8_t after) {
  return {"2.5.29.36", der_sequence({Bytes{0x80, 0x01, 0x00}, Bytes{0x81, 0x01, after}}), true};
}
RawExtension inhibit_any(std::uint8_t after) { return {"2.5.29.54", {0x02, 0x01, after}, true}; }

// Root, then the CAs from the top to the bottom, then the leaf.
bool good(const std::vector<std::vector<RawExtension>>& below_root) {
  std::vector<MadeCertificate> made = {make_root("Root")};
  for (std::size_t i = 0; i < below_root.size(); ++i) {
    CertificateSpec spec;
    spec.subject = {{"CN", "Level " + std::to_string(i)}};
    spec.ca = i + 1 < below_root.size();
    spec.extensions = below_root[i];
    made.push_back(make_certificate(spec, &made.back()));
  }
  std::vector<x509::Certificate> certificates;
  for (auto it = made.rbegin(); it != made.rend(); ++it) certificates.push_back(it->certificate());
  std::vector<const x509::CertificateFields*> path;
  path.reserve(certificates.size());
  for (const auto& certificate : certificates) path.push_back(&*certificate);
  return !policy_problem(path);
}

TEST(Policies, AreNotAskedForAsARule) {
  EXPECT_TRUE(good({{}, {}}));
  EXPECT_TRUE(good({{policies({kGold})}, {policies({kSilver})}}));
  EXPECT_TRUE(good({{policies({kGold})}, {}}));
}

TEST(Policies, HaveToBeValidAllTheWayWhereACaAsks) {
  const auto ask = require_explicit(0);
  EXPECT_TRUE(good({{policies({kGold}), ask}, {policies({kGold})}}));
  EXPECT_TRUE(good({{policies({kAny}), ask}, {policies({kGold})}}));
  EXPECT_TRUE(good({{policies({kGold}), ask}, {policies({kAny})}}));
  EXPECT_FALSE(good({{policies({kGold}), ask}, {policies({kSilver})}}));
  EXPECT_FALSE(good({{policies({kGold}), ask}, {}}));
  EXPECT_FALSE(good({{ask}, {policies({kGold})}}));
  EXPECT_FALSE(good({{policies({kGold})}, {policies({kGold}), ask}, {policies({kSilver})}}));
}

TEST(Policies, AreAskedForOnlyAfterSoManyCertificates) {
  EXPECT_TRUE(good({{require_explicit(5)}, {}, {}}));
  EXPECT_FALSE(good({{require_explicit(1)}, {}, {}}));
}

TEST(Policies, FollowMappings) {
  const auto ask = require_explicit(0);
  EXPECT_TRUE(good({{policies({kGold}), ask}, {policies({kGold}), mapping(kGold, kSilver)}, {policies({kSilver})}}));
  EXPECT_FALSE(good({{policies({kGold}), ask}, {policies({kGold}), mapping(kGold, kSilver)}, {policies({kGold})}}));
  EXPECT_FALSE(good(
      {{policies({kGold}), inhibit_mapping(0)}, {policies({kGold}), mapping(kGold, kSilver)}, {policies({kSilver})}}));
  EXPECT_FALSE(good({{policies({kAny}), mapping(kAny, kSilver)}, {policies({kSilver})}}));
}

TEST(Policies, AnyPolicyCanBeInhibited) {
  const auto ask = require_explicit(0);
  EXPECT_FALSE(good({{policies({kGold}), ask, inhibit_any(0)}, {policies({kAny})}}));
  EXPECT_TRUE(good({{policies({kGold}), ask, inhibit_any(1)}, {policies({kAny})}, {policies({kGold})}}));
  EXPECT_FALSE(good({{policies({kGold}), ask, inhibit_any(1)}, {policies({kGold})}, {policies({kAny})}}));
}

TEST(Policies, ThatCannotBeReadAreRefused) {
  EXPECT_FALSE(good({{{"2.5.29.32", {0x30, 0x02, 0x05, 0x00}, false}}, {}}));
  EXPECT_FALSE(good({{{"2.5.29.36", {0x30, 0x01}, true}}, {}}));
}

}  // namespace
}  // namespace certferry::chain
