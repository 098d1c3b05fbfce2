#include "x509/der_writer.h"

#include "x509/der.h"

namespace certferry::der {

std::size_t header_size(std::size_t length) {
  std::size_t size = 2;
  if (length >= 0x80) {
    for (std::size_t rest = length; rest != 0; rest >>= 8) ++size;
  }
  return size;
}

void append_header(Bytes& out, std::uint8_t tag, std::size_t length) {
  out.push_back(tag);
  if (length < 0x80) {
    out.push_back(static_cast<std::uint8_t>(length));
    return;
  }
  const std::size_t count = header_size(length) - 2;
  out.push_back(static_cast<std::uint8_t>(0x80 | count));
  for (std::size_t i = count; i > 0; --i) out.push_back(static_cast<std::uint8_t>(length >> 8 * (i - 1)));
}

Bytes element(std::uint8_t tag, std::initializer_list<ByteView> parts) {
  std::size_t length = 0;
  for (ByteView part : parts) length += part.size();
  Bytes out;
  out.reserve(header_size(length) + length);
  append_header(out, tag, length);
  for (ByteView part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

Bytes bit_string(ByteView octets) {
  constexpr std::uint8_t kNoUnusedBits[] = {0};
  return element(kBitString, {kNoUnusedBits, octets});
}

}  // namespace certferry::der
