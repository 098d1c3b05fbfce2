#include "chain/order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "x509/testing/certificate_maker.h"

namespace certferry::chain {
namespace {

using namespace x509::testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> labels(const std::vector<x509::Certificate>& certificates) {
  std::vector<std::string> names;
  names.reserve(certificates.size());
  for (const auto& certificate : certificates) names.push_back(certificate->subject.label());
  return names;
}

class OrderTest : public ::testing::Test {
 protected:
  std::vector<std::string> messages(const Ordered& ordered) {
    std::vector<std::string> text;
    for (const Finding& finding : ordered.findings) text.push_back(finding.id + " " + finding.message);
    return text;
  }

  x509::Certificate of(const MadeCertificate& made) { return made.certificate(); }
  MadeCertificate root = make_root("Root");
  MadeCertificate first = make_intermediate("First", root);
  MadeCertificate second = make_intermediate("Second", first);
  MadeCertificate leaf = make_certificate(server_spec({"web.example.com"}), &second);
};

TEST_F(OrderTest, PutsReversedChainsRight) {
  const std::vector<x509::Certificate> others = {of(root), of(first), of(second), of(first)};
  const Ordered ordered = order(of(leaf), others, {}, kNow);
  EXPECT_THAT(labels(ordered.chain), ElementsAre("web.example.com", "Second", "First"));
  ASSERT_TRUE(ordered.root);
  EXPECT_EQ((*ordered.root)->subject.label(), "Root");
  EXPECT_TRUE(ordered.complete);
  EXPECT_THAT(
      messages(ordered),
      ElementsAre("CF1361 the root 'Root' is in the file; it is not sent to clients, which have their own copy"));
}

TEST_F(OrderTest, LeavesOutWhatDoesNotBelong) {
  const std::vector<x509::Certificate> others = {of(make_intermediate("Foreign", root)), of(second), of(first),
                                                 of(make_root("Alien"))};
  const Ordered ordered = order(of(leaf), others, {}, kNow);
  EXPECT_THAT(labels(ordered.chain), ElementsAre("web.example.com", "Second", "First"));
  EXPECT_FALSE(ordered.complete);
  EXPECT_THAT(labels(ordered.left_out), ElementsAre("Foreign", "Alien"));
  EXPECT_THAT(messages(ordered), ElementsAre("CF1360 not part of the chain and left out: 'Foreign', 'Alien'"));
}

TEST_F(OrderTest, AddsStoredIntermediatesOnlyWhereTheyAreMissing) {
  const std::vector<x509::Certificate> stored = {of(first), of(root), of(make_intermediate("Foreign", root))};
  const std::vector<x509::Certificate> others = {of(second)};
  const Ordered ordered = order(of(leaf), others, stored, kNow);
  EXPECT_THAT(labels(ordered.chain), ElementsAre("web.example.com", "Second", "First"));
  EXPECT_THAT(labels(ordered.added), ElementsAre("First"));
  EXPECT_TRUE(ordered.complete);
  EXPECT_THAT(labels(ordered.left_out), IsEmpty());
  EXPECT_THAT(messages(ordered), ElementsAre("CF1362 missing in the file and added from what is stored: 'First'"));
}

TEST_F(OrderTest, KeepsAChainThatCannotBeFinished) {
  const std::vector<x509::Certificate> others = {of(second)};
  const Ordered ordered = order(of(leaf), others, {}, kNow);
  EXPECT_THAT(labels(ordered.chain), ElementsAre("web.example.com", "Second"));
  EXPECT_FALSE(ordered.complete);
  EXPECT_FALSE(ordered.root);
  EXPECT_THAT(labels(order(of(leaf), {}, {}, kNow).chain), ElementsAre("web.example.com"));
}

TEST_F(OrderTest, PutsExpiredChainsInOrderToo) {
  const std::vector<x509::Certificate> others = {of(first), of(second), of(root)};
  const Time late = std::chrono::sys_days(std::chrono::year(2045) / 1 / 1);
  EXPECT_THAT(labels(order(of(leaf), others, {}, late).chain), ElementsAre("web.example.com", "Second", "First"));
}

TEST_F(OrderTest, ASelfSignedCertificateIsItsOwnChain) {
  const auto alone = make_certificate(server_spec({"alone.example.com"}));
  const std::vector<x509::Certificate> others = {of(alone), of(root)};
  const Ordered ordered = order(of(alone), others, {}, kNow);
  EXPECT_THAT(labels(ordered.chain), ElementsAre("alone.example.com"));
  EXPECT_TRUE(ordered.complete);
  EXPECT_THAT(labels(ordered.left_out), ElementsAre("Root"));
}

}  // namespace
}  // namespace certferry::chain
