#include "x509/pem.h"

#include <algorithm>

namespace certferry::x509 {

Bytes pem(std::string_view label, ByteView der) {
  constexpr std::size_t kOctetsPerLine = 48;
  const std::size_t lines = (der.size() + kOctetsPerLine - 1) / kOctetsPerLine;
  Bytes text;
  text.reserve(2 * (label.size() + 18) + (der.size() + 2) / 3 * 4 + lines);
  const auto append = [&](std::string_view part) { text.insert(text.end(), part.begin(), part.end()); };
  append("-----BEGIN ");
  append(label);
  append("-----\n");
  while (!der.empty()) {
    const std::size_t count = std::min(der.size(), kOctetsPerLine);
    append_base64(text, der.first(count));
    text.push_back('\n');
    der = der.subspan(count);
  }
  append("-----END ");
  append(label);
  append("-----\n");
  return text;
}

}  // namespace certferry::x509
