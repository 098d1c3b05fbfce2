#include "x509/der.h"

namespace certferry::der {

std::optional<std::uint8_t> Reader::peek() const { return rest_.empty() ? std::nullopt : std::optional(rest_.front()); }

std::optional<Element> Reader::next() {
  constexpr std::uint8_t kHighTagNumber = 0x1f;
  if (rest_.size() < 2 || (rest_[0] & kHighTagNumber) == kHighTagNumber) return std::nullopt;
  std::size_t header = 2;
  std::size_t length = rest_[1];
  if (length >= 0x80) {
    std::size_t count = length & 0x7f;
    // Four octets are 4 GiB, far above every file limit; none are BER's indefinite form.
    if (count == 0 || count > 4 || rest_.size() < header + count) return std::nullopt;
    length = 0;
    for (std::size_t i = 0; i < count; ++i) length = length << 8 | rest_[header + i];
    if (rest_[header] == 0 || length < 0x80) return std::nullopt;
    header += count;
  }
  if (length > rest_.size() - header) return std::nullopt;
  Element element{rest_[0], rest_.subspan(header, length), rest_.first(header + length)};
  rest_ = rest_.subspan(header + length);
  return element;
}

std::optional<Element> Reader::next(std::uint8_t tag) {
  if (peek() != tag) return std::nullopt;
  return next();
}

}  // namespace certferry::der
