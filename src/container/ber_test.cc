#include "container/ber.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "x509/der.h"
#include "x509/der_writer.h"

namespace certferry::container {
namespace {

struct Case {
  const char* what;
  std::string_view ber;
  std::string_view der;  // or the message
  std::size_t consumed = 0;
};

std::string text_of(const Result<Normalized>& result) {
  return result ? hex_lower(result->der) : result.error().id + ": " + result.error().message;
}

constexpr std::string_view kDamaged = "CF1208: the file is damaged: its ASN.1 structure cannot be read";

class Ber : public ::testing::TestWithParam<Case> {};
TEST_P(Ber, IsNormalizedOrRefused) {
  const auto result = normalize(from_hex(GetParam().ber).value(), 8);
  EXPECT_EQ(text_of(result), GetParam().der) << GetParam().what;
  EXPECT_EQ(result ? result->consumed : 0, GetParam().consumed) << GetParam().what;
}
INSTANTIATE_TEST_SUITE_P(
    Table, Ber,
    ::testing::Values(
        Case{"DER", "3003020105", "3003020105", 5}, Case{"bytes after it", "3003020105ffff", "3003020105", 5},
        Case{"length in more octets than needed", "30820003020105", "3003020105", 7},
        Case{"indefinite length", "30800201050000", "3003020105", 7},
        Case{"indefinite inside of indefinite", "3080308002010500000000", "30053003020105", 11},
        Case{"OCTET STRING in pieces", "248004010a04020b0c0000", "04030a0b0c", 11},
        Case{"pieces of pieces", "2480240304010a04010b0000", "04020a0b", 12},
        Case{"[0] keeps its pieces", "a08004010a04010b0000", "a00604010a04010b", 10},
        Case{"a piece of another kind", "248002010a0000", kDamaged},
        Case{"primitive of indefinite length", "04800000", kDamaged},
        Case{"tag of several octets", "1f810100", kDamaged}, Case{"empty", "", kDamaged},
        Case{"length of nine octets", "30890000000000000000010500", kDamaged},
        Case{"cut off", "300a020105", "CF1207: the file is cut off: 5 of 12 bytes are there"},
        Case{"cut off inside of indefinite", "308004050a", "CF1207: the file is cut off: 5 of 9 bytes are there"},
        Case{"without its end", "3080020105", "CF1207: the file is cut off: 5 of 7 bytes are there"},
        Case{"too long for what is around it", "30030205ff", kDamaged},
        Case{"nested too deeply", "3010300e300c300a30083006300430023000", "CF1209: the file is nested too deeply"}));

// Any DER: a tree of SEQUENCEs and OCTET STRINGs.
Bytes any_der(int depth) {
  if (depth == 0 || *rc::gen::arbitrary<bool>()) return der::element(der::kOctetString, {*rc::gen::arbitrary<Bytes>()});
  Bytes content;
  for (int count = *rc::gen::inRange(0, 4); count > 0; --count) {
    const Bytes inner = any_der(depth - 1);
    content.insert(content.end(), inner.begin(), inner.end());
  }
  return der::element(der::kSequence, {content});
}

TEST(BerProperty, DerStaysWhatItIs) {
  EXPECT_TRUE(rc::check([] {
    const Bytes der = any_der(4);
    const auto result = normalize(der, 8);
    RC_ASSERT(result.has_value());
    RC_ASSERT(result->der == der);
    RC_ASSERT(result->consumed == der.size());
  }));
}

TEST(BerProperty, NoPrefixOfDerIsTakenForTheWhole) {
  EXPECT_TRUE(rc::check([] {
    const Bytes der = any_der(4);
    const auto size = *rc::gen::inRange<std::size_t>(0, der.size());
    RC_ASSERT(!normalize(ByteView(der).first(size), 8));
  }));
}

}  // namespace
}  // namespace certferry::container
