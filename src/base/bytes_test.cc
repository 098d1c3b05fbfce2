#include "base/bytes.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/secret.h"

namespace certferry {
namespace {

TEST(Base64, RoundTrips) {
  EXPECT_TRUE(rc::check([](const Bytes& bytes) { RC_ASSERT(from_base64(base64(bytes)) == bytes); }));
}

TEST(Base64, RefusesForeignCharactersAndWrongPadding) {
  for (const char* text : {"A", "AA=A", "AAAA=", "AA-A", "AA==="}) EXPECT_FALSE(from_base64(text)) << text;
}

TEST(Base64Url, RoundTripsInItsOwnAlphabet) {
  EXPECT_TRUE(rc::check([](const Bytes& bytes) {
    const std::string text = base64url(bytes);
    RC_ASSERT(text.find_first_of("+/=") == std::string::npos);
    RC_ASSERT(from_base64url(text) == bytes);
  }));
  for (const char* text : {"A", "AA==", "AA+A", "AA/A", "AA AA"}) EXPECT_FALSE(from_base64url(text)) << text;
}

TEST(Hex, RoundTripsInBothCases) {
  EXPECT_TRUE(rc::check([](const Bytes& bytes) {
    RC_ASSERT(from_hex(hex_lower(bytes)) == bytes);
    RC_ASSERT(from_hex(hex_upper(bytes)) == bytes);
  }));
}

TEST(Secret, IsEmptyAfterAMove) {
  Secret first{std::string_view("swordfish")};
  Secret second = std::move(first);
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
  EXPECT_EQ(second, Secret(std::string_view("swordfish")));
}

}  // namespace
}  // namespace certferry
