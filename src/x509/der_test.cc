#include "x509/der.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace certferry::der {
namespace {

TEST(Reader, WalksElementsAndStopsAtTheEnd) {
  Bytes bytes{0x30, 0x03, 0x02, 0x01, 0x05, 0x05, 0x00};
  Reader reader(bytes);
  auto sequence = reader.next(kSequence);
  ASSERT_TRUE(sequence);
  EXPECT_EQ(hex_lower(sequence->whole), "3003020105");
  auto integer = Reader(sequence->content).next(kInteger);
  ASSERT_TRUE(integer);
  EXPECT_EQ(hex_lower(integer->content), "05");
  EXPECT_FALSE(reader.next(kInteger)) << "the next one is NULL";
  EXPECT_TRUE(reader.next(kNull));
  EXPECT_TRUE(reader.at_end());
  EXPECT_FALSE(reader.next());
}

TEST(Reader, RefusesWhatIsNotDer) {
  for (const char* hex :
       {"30", "3001", "3080", "308100", "30817f", "3082000100", "1f8101", "30850000000001", "3084ffffffff"}) {
    Bytes bytes = *from_hex(hex);
    Reader reader(bytes);
    EXPECT_FALSE(reader.next()) << hex;
    EXPECT_EQ(reader.rest().size(), bytes.size()) << hex;
  }
}

TEST(Reader, ReadsLengthsOfEveryForm) {
  for (std::size_t length : {0u, 127u, 128u, 255u, 256u, 65535u, 65536u}) {
    Bytes bytes{kOctetString};
    if (length < 0x80) {
      bytes.push_back(static_cast<std::uint8_t>(length));
    } else {
      Bytes octets;
      for (std::size_t rest = length; rest > 0; rest >>= 8)
        octets.insert(octets.begin(), static_cast<std::uint8_t>(rest));
      bytes.push_back(static_cast<std::uint8_t>(0x80 | octets.size()));
      bytes.insert(bytes.end(), octets.begin(), octets.end());
    }
    bytes.resize(bytes.size() + length, 0xaa);
    auto element = Reader(bytes).next();
    ASSERT_TRUE(element) << length;
    EXPECT_EQ(element->content.size(), length);
  }
}

TEST(Reader, NeverLeavesItsBytes) {
  EXPECT_TRUE(rc::check([](const Bytes& bytes) {
    Reader reader(bytes);
    std::size_t seen = 0;
    while (auto element = reader.next()) seen += element->whole.size();
    RC_ASSERT(seen + reader.rest().size() == bytes.size());
  }));
}

}  // namespace
}  // namespace certferry::der
