// Writes DER (X.690): the little that keys and messages need.
#pragma once

#include <initializer_list>

#include "base/bytes.h"

namespace certferry::der {

// Octets that tag and length of an element with `length` octets of content take.
[[nodiscard]] std::size_t header_size(std::size_t length);
// Appends tag and length. `out` is not grown beyond what the caller reserved where it holds secrets.
void append_header(Bytes& out, std::uint8_t tag, std::size_t length);
// One element whose content is the parts one after the other; allocates once.
[[nodiscard]] Bytes element(std::uint8_t tag, std::initializer_list<ByteView> parts);
// A BIT STRING without unused bits.
[[nodiscard]] Bytes bit_string(ByteView octets);

}  // namespace certferry::der
