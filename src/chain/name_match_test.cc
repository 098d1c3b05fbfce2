#include "chain/name_match.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "x509/testing/certificate_maker.h"

namespace certferry::chain {
namespace {

using x509::GeneralName;

GeneralName dns(std::string_view text) { return {GeneralName::Kind::kDns, to_bytes(as_bytes(text)), {}}; }

TEST(DnsShape, TellsHostNamesFromTheRest) {
  struct Case {
    std::string name;
    DnsShape shape;
  };
  const Case cases[] = {
      {"example.com", DnsShape::kHost},
      {"EXAMPLE.com", DnsShape::kHost},
      {"localhost", DnsShape::kHost},
      {"xn--628h.example.com", DnsShape::kHost},
      {"1.example.com", DnsShape::kHost},
      {"*.example.com", DnsShape::kWildcard},
      {"*.com", DnsShape::kWildcard},
      {"foo_bar.example.com", DnsShape::kUnderscore},
      {"8.8.8.8", DnsShape::kIpAddress},
      {"example.123", DnsShape::kIpAddress},
      {"", DnsShape::kOther},
      {"*", DnsShape::kOther},
      {"*.", DnsShape::kOther},
      {"*.*.example.com", DnsShape::kOther},
      {"foo.*.example.com", DnsShape::kOther},
      {"ba*.example.com", DnsShape::kOther},
      {"*.foo_bar.example.com", DnsShape::kOther},
      {".example.com", DnsShape::kOther},
      {"example.com.", DnsShape::kOther},
      {"example..com", DnsShape::kOther},
      {"-a.example.com", DnsShape::kOther},
      {"a-.example.com", DnsShape::kOther},
      {"a b.example.com", DnsShape::kOther},
      {"😜.example.com", DnsShape::kOther},
      {std::string("a\0b.example.com", 15), DnsShape::kOther},
      {std::string(63, 'a') + ".com", DnsShape::kHost},
      {std::string(64, 'a') + ".com", DnsShape::kOther},
      {std::string(250, 'a') + ".com", DnsShape::kOther},
  };
  for (const Case& c : cases) EXPECT_EQ(dns_shape(c.name), c.shape) << c.name;
}

TEST(Matches, FollowsRfc9525) {
  struct Case {
    std::string_view presented;
    std::string_view asked;
    bool web;
    bool tolerant;
  };
  const Case cases[] = {
      {"example.com", "example.com", true, true},
      {"Example.COM", "eXample.com", true, true},
      {"example.com", "example.com.", true, true},
      {"example.com", "www.example.com", false, false},
      {"www.example.com", "example.com", false, false},
      {"*.example.com", "www.example.com", true, true},
      {"*.example.com", "example.com", false, false},
      {"*.example.com", "a.b.example.com", false, false},
      {"*.com", "example.com", false, false},
      {"*.co.uk", "example.co.uk", false, false},
      {"*.s3.amazonaws.com", "example.s3.amazonaws.com", false, false},
      // "internal" is a public suffix only in so far as nothing is known about it.
      {"*.internal", "db.internal", false, true},
      {"*", "com", false, false},
      {"w*.example.com", "www.example.com", false, false},
      {"www.*.com", "www.example.com", false, false},
      {"foo_bar.example.com", "foo_bar.example.com", false, true},
      {"8.8.8.8", "8.8.8.8", false, false},
      {"example.com.", "example.com", false, false},
  };
  for (const Case& c : cases) {
    const auto asked = Reference::from_text(c.asked);
    ASSERT_TRUE(asked) << c.asked;
    EXPECT_EQ(matches(dns(c.presented), *asked, Mode::kWeb), c.web) << c.presented << " for " << c.asked;
    EXPECT_EQ(matches(dns(c.presented), *asked, Mode::kTolerant), c.tolerant) << c.presented << " for " << c.asked;
  }
}

TEST(Matches, AddressesByTheirOctetsOnly) {
  const GeneralName four{GeneralName::Kind::kIp, {192, 0, 2, 1}, {}};
  EXPECT_TRUE(matches(four, *Reference::from_text("192.0.2.1"), Mode::kWeb));
  EXPECT_FALSE(matches(four, *Reference::from_text("192.0.2.2"), Mode::kWeb));
  EXPECT_FALSE(matches(four, *Reference::from_text("::ffff:192.0.2.1"), Mode::kWeb));
  EXPECT_FALSE(matches(dns("192.0.2.1"), *Reference::from_text("192.0.2.1"), Mode::kTolerant));
  const GeneralName six{GeneralName::Kind::kIp, {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, {}};
  EXPECT_TRUE(matches(six, *Reference::from_text("[2001:DB8:0::1]"), Mode::kWeb));
}

TEST(Matches, MailAddressesWithTheHostInAnyCase) {
  const GeneralName mail{GeneralName::Kind::kEmail, to_bytes(as_bytes("Foo@Example.com")), {}};
  EXPECT_TRUE(matches(mail, *Reference::email("Foo@example.COM"), Mode::kWeb));
  EXPECT_FALSE(matches(mail, *Reference::email("foo@example.com"), Mode::kWeb));
}

TEST(Matches, NeverReadsTheCommonName) {
  x509::testing::CertificateSpec spec;
  spec.subject = {{"CN", "web.example.com"}};
  const auto without_names = x509::testing::make_certificate(spec).certificate();
  EXPECT_FALSE(matches(*without_names, *Reference::from_text("web.example.com"), Mode::kTolerant));
}

TEST(Reference, RefusesWhatIsNoName) {
  for (std::string_view text :
       {"", ".", "a..b", "*.example.com", "a b", "bücher.example", "http://x", "1.2.3", "[::1", "-x"}) {
    EXPECT_FALSE(Reference::from_text(text)) << text;
  }
  EXPECT_FALSE(Reference::email("example.com"));
  EXPECT_FALSE(Reference::email("a@b@c"));
}

TEST(Matches, AWildcardStandsForOneLabelAndNothingElse) {
  const auto label = rc::gen::container<std::string>(rc::gen::elementOf(std::string("abcxyz059")));
  EXPECT_TRUE(rc::check([&] {
    const std::string first = "a" + *label + "a";
    const std::string second = "b" + *label + "b";
    RC_PRE(first.size() < 60 && second.size() < 60);
    const GeneralName wildcard = dns("*.example.com");
    RC_ASSERT(matches(wildcard, *Reference::from_text(first + ".example.com"), Mode::kWeb));
    RC_ASSERT(!matches(wildcard, *Reference::from_text(first + "." + second + ".example.com"), Mode::kWeb));
    RC_ASSERT(!matches(wildcard, *Reference::from_text(first + "example.com"), Mode::kWeb));
  }));
}

}  // namespace
}  // namespace certferry::chain
