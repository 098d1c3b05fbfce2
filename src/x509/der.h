// Reads DER (X.690) without copying: a cursor over one run of tag-length-value elements.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace certferry::der {

// Identifier octets of the elements that certificates are made of; high tag numbers are not used by any of them.
enum Tag : std::uint8_t {
  kBoolean = 0x01,
  kInteger = 0x02,
  kBitString = 0x03,
  kOctetString = 0x04,
  kNull = 0x05,
  kOid = 0x06,
  kUtf8String = 0x0c,
  kUtcTime = 0x17,
  kGeneralizedTime = 0x18,
  kSequence = 0x30,
  kSet = 0x31,
};

// [n] as in `[0] EXPLICIT`, constructed; n at most 30.
[[nodiscard]] constexpr std::uint8_t context(unsigned n) { return static_cast<std::uint8_t>(0xa0 | n); }

struct Element {
  std::uint8_t tag = 0;
  ByteView content;  // without tag and length
  ByteView whole;    // with them
};

// Views into the bytes it was made from, which must live longer. A failed read moves nothing.
class Reader {
 public:
  explicit Reader(ByteView bytes) : rest_(bytes) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] ByteView rest() const { return rest_; }
  // The next element's tag; nothing at the end.
  [[nodiscard]] std::optional<std::uint8_t> peek() const;

  // The next element; nothing when it is cut off, has a high tag number, an indefinite length, or a length that is
  // not in its shortest form (X.690 section 10.1).
  [[nodiscard]] std::optional<Element> next();
  // The same, and nothing when the tag is another one.
  [[nodiscard]] std::optional<Element> next(std::uint8_t tag);

 private:
  ByteView rest_;
};

}  // namespace certferry::der
