#include "chain/name_constraints.h"

#include <gtest/gtest.h>

namespace certferry::chain {
namespace {

using x509::GeneralName;
using Kind = GeneralName::Kind;

struct Text {
  Kind kind;
  std::string value;  // octets of an address as text: "192.0.2.0/24" is written out below
};

GeneralName name(const Text& text) {
  if (text.kind != Kind::kIp) return {text.kind, to_bytes(as_bytes(text.value)), {}};
  const auto slash = text.value.find('/');
  Bytes octets = *x509::ip_from_text(text.value.substr(0, slash));
  if (slash != std::string::npos) {
    const Bytes mask = *x509::ip_from_text(text.value.substr(slash + 1));
    octets.insert(octets.end(), mask.begin(), mask.end());
  }
  return {Kind::kIp, octets, {}};
}

enum class Result { kGood, kViolated, kUnsupported };

Result result_of(const std::optional<NameProblem>& problem) {
  if (!problem) return Result::kGood;
  return problem->kind == NameProblem::Kind::kViolated ? Result::kViolated : Result::kUnsupported;
}

TEST(NameConstraints, PermitWhatLiesInside) {
  struct Case {
    Text base;
    Text name;
    Result permitted;  // where `base` is the only permitted subtree
    Result excluded;   // where it is the only excluded one
  };
  constexpr auto kDns = Kind::kDns;
  constexpr auto kIp = Kind::kIp;
  constexpr auto kEmail = Kind::kEmail;
  constexpr auto kUri = Kind::kUri;
  constexpr auto kGood = Result::kGood;
  constexpr auto kBad = Result::kViolated;
  constexpr auto kUnsupported = Result::kUnsupported;
  const Case cases[] = {
      {{kDns, "example.com"}, {kDns, "example.com"}, kGood, kBad},
      {{kDns, "example.com"}, {kDns, "a.b.EXAMPLE.com"}, kGood, kBad},
      {{kDns, "example.com"}, {kDns, "badexample.com"}, kBad, kGood},
      {{kDns, "a.example.com"}, {kDns, "example.com"}, kBad, kGood},
      {{kDns, ""}, {kDns, "example.com"}, kGood, kBad},
      {{kDns, "example.com"}, {kDns, "*.example.com"}, kGood, kBad},
      {{kDns, "bar.example.com"}, {kDns, "*.example.com"}, kBad, kBad},
      {{kDns, "a.bar.example.com"}, {kDns, "*.example.com"}, kBad, kGood},
      {{kDns, ".example.com"}, {kDns, "www.example.com"}, kGood, kBad},
      {{kDns, ".example.com"}, {kDns, "example.com"}, kBad, kGood},
      {{kDns, "*.example.com"}, {kDns, "www.example.com"}, kUnsupported, kUnsupported},
      {{kDns, "example.com"}, {kDns, "..example.com"}, kUnsupported, kUnsupported},
      {{kDns, "example.com"}, {kIp, "192.0.2.1"}, kGood, kGood},
      {{kIp, "192.0.2.0/255.255.255.0"}, {kIp, "192.0.2.77"}, kGood, kBad},
      {{kIp, "192.0.2.0/255.255.255.0"}, {kIp, "192.0.3.77"}, kBad, kGood},
      {{kIp, "192.0.2.0/255.255.255.0"}, {kIp, "2001:db8::1"}, kBad, kGood},
      {{kIp, "2001:db8::/ffff:ffff::"}, {kIp, "2001:db8::1"}, kGood, kBad},
      {{kIp, "192.0.2.0/255.0.255.0"}, {kIp, "192.0.2.1"}, kUnsupported, kUnsupported},
      {{kIp, "192.0.2.1"}, {kIp, "192.0.2.1"}, kUnsupported, kUnsupported},
      {{kEmail, "example.com"}, {kEmail, "a@example.com"}, kGood, kBad},
      {{kEmail, "example.com"}, {kEmail, "a@mail.example.com"}, kBad, kGood},
      {{kEmail, ".example.com"}, {kEmail, "a@mail.example.com"}, kGood, kBad},
      {{kEmail, ".example.com"}, {kEmail, "a@example.com"}, kBad, kGood},
      {{kEmail, "*@example.com"}, {kEmail, "*@EXAMPLE.com"}, kGood, kBad},
      {{kEmail, "*@example.com"}, {kEmail, "a@example.com"}, kBad, kGood},
      {{kEmail, "example.com"}, {kEmail, "a@b@example.com"}, kUnsupported, kUnsupported},
      {{kEmail, "a@b@example.com"}, {kEmail, "a@example.com"}, kUnsupported, kUnsupported},
      {{kUri, "example.com"}, {kUri, "https://user@example.com:8443/x?y"}, kGood, kBad},
      {{kUri, "example.com"}, {kUri, "https://www.example.com/"}, kBad, kGood},
      {{kUri, ".example.com"}, {kUri, "https://www.example.com"}, kGood, kBad},
      {{kUri, "example.com"}, {kUri, "urn:isbn:1"}, kUnsupported, kUnsupported},
      {{kUri, "example.com"}, {kUri, "https://192.0.2.1/"}, kUnsupported, kUnsupported},
      {{Kind::kRegistered, "x"}, {Kind::kRegistered, "x"}, kUnsupported, kUnsupported},
      {{Kind::kRegistered, "x"}, {kDns, "example.com"}, kGood, kGood},
  };
  for (const Case& c : cases) {
    x509::CertificateFields fields;
    fields.subject_alt_names = {{name(c.name)}};
    std::size_t budget = 100;
    const x509::NameConstraints permits{{{name(c.base), false}}, {}};
    EXPECT_EQ(result_of(check_names(permits, fields, Mode::kTolerant, budget)), c.permitted)
        << c.base.value << " permits " << c.name.value;
    const x509::NameConstraints excludes{{}, {{name(c.base), false}}};
    EXPECT_EQ(result_of(check_names(excludes, fields, Mode::kTolerant, budget)), c.excluded)
        << c.base.value << " excludes " << c.name.value;
  }
}

TEST(NameConstraints, ALeadingDotIsNoDnsConstraintOnTheWeb) {
  const x509::GeneralSubtree subtree{name({Kind::kDns, ".example.com"}), false};
  EXPECT_EQ(constraint_problem(subtree, Mode::kWeb), "'.example.com' is no constraint on DNS names");
  EXPECT_EQ(constraint_problem(subtree, Mode::kTolerant), std::nullopt);
}

TEST(NameConstraints, BoundsAreRefused) {
  const x509::GeneralSubtree subtree{name({Kind::kDns, "example.com"}), true};
  EXPECT_EQ(constraint_problem(subtree, Mode::kTolerant),
            "the constraint 'example.com' has bounds, which RFC 5280 forbids");
}

TEST(NameConstraints, StopWhenTheBudgetIsUsedUp) {
  x509::CertificateFields fields;
  fields.subject_alt_names = std::vector<GeneralName>(100, name({Kind::kDns, "a.example.com"}));
  const x509::NameConstraints constraints{
      std::vector<x509::GeneralSubtree>(100, {name({Kind::kDns, "example.com"}), false}), {}};
  std::size_t budget = 10'000;
  EXPECT_FALSE(check_names(constraints, fields, Mode::kWeb, budget));
  EXPECT_EQ(budget, 0u);
  budget = 9'999;
  const auto problem = check_names(constraints, fields, Mode::kWeb, budget);
  ASSERT_TRUE(problem);
  EXPECT_EQ(problem->kind, NameProblem::Kind::kTooMuchWork);
}

}  // namespace
}  // namespace certferry::chain
