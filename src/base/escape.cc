#include "base/escape.h"

#include <array>
#include <cstdint>

namespace certferry {
namespace {

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

// Unicode 15: what has no shape of its own, or changes that of its neighbours.
constexpr std::array kActing = {
    Range{0x0000, 0x001f}, Range{0x007f, 0x009f}, Range{0x00ad, 0x00ad},   Range{0x034f, 0x034f}, Range{0x061c, 0x061c},
    Range{0x115f, 0x1160}, Range{0x17b4, 0x17b5}, Range{0x180b, 0x180f},   Range{0x200b, 0x200f}, Range{0x2028, 0x202e},
    Range{0x2060, 0x206f}, Range{0x3164, 0x3164}, Range{0xd800, 0xdfff},   Range{0xfe00, 0xfe0f}, Range{0xfeff, 0xfeff},
    Range{0xffa0, 0xffa0}, Range{0xfff0, 0xfffb}, Range{0xe0000, 0xe0fff},
};

bool acts(std::uint32_t code) {
  for (const Range& range : kActing) {
    if (code >= range.first && code <= range.last) return true;
  }
  return false;
}

struct Decoded {
  std::uint32_t code = 0;
  std::size_t size = 0;  // 0: no valid UTF-8 here
};

// RFC 3629 section 4.
Decoded decode(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = at(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t size = lead >= 0xc2 && lead < 0xe0   ? 2
                           : lead >= 0xe0 && lead < 0xf0 ? 3
                           : lead >= 0xf0 && lead < 0xf5 ? 4
                                                         : 0;
  if (size == 0 || text.size() < size) return {};
  std::uint32_t code = lead & (0x7fu >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((at(i) & 0xc0) != 0x80) return {};
    code = code << 6 | (at(i) & 0x3f);
  }
  constexpr std::array<std::uint32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kLeast[size] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return {};
  return {code, size};
}

std::string hex(std::uint32_t value, std::size_t least) {
  std::string text;
  for (; value != 0 || text.size() < least; value >>= 4) text.insert(text.begin(), "0123456789abcdef"[value & 15]);
  return text;
}

template <typename Put>
std::string escaped(std::string_view text, Put put) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Decoded decoded = decode(text);
    if (decoded.size == 0) {
      out += "\\x" + hex(static_cast<std::uint8_t>(text[0]), 2);
      text.remove_prefix(1);
      continue;
    }
    if (acts(decoded.code)) out += "\\u{" + hex(decoded.code, 1) + "}";
    else put(out, text.substr(0, decoded.size));
    text.remove_prefix(decoded.size);
  }
  return out;
}

}  // namespace

std::string escape_terminal(std::string_view text) {
  return escaped(text, [](std::string& out, std::string_view character) { out += character; });
}

std::string escape_html(std::string_view text) {
  return escaped(text, [](std::string& out, std::string_view character) {
    switch (character[0]) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += character;
    }
  });
}

std::string escape_csv(std::string_view text) {
  constexpr std::string_view kFormulas = "=+-@\t\r|%";
  const std::string shown = escape_terminal(text);
  std::string out = "\"";
  const std::size_t start = text.find_first_not_of(" \n");
  if (start != std::string_view::npos && kFormulas.find(text[start]) != std::string_view::npos) out += '\'';
  for (char c : shown) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

}  // namespace certferry
