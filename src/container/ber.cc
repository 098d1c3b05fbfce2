#include "container/ber.h"

#include "base/secret.h"
#include "x509/der.h"
#include "x509/der_writer.h"

namespace certferry::container {
namespace {

constexpr std::uint8_t kConstructed = 0x20;

struct Header {
  std::uint8_t tag = 0;
  std::size_t size = 0;    // of tag and length
  std::size_t length = 0;  // of the content, where definite
  bool indefinite = false;
};

std::unexpected<Error> cut_off(std::size_t have, std::size_t want) {
  return fail(ErrorKind::kRejected, "CF1207",
              "the file is cut off: " + std::to_string(have) + " of " + std::to_string(want) + " bytes are there",
              "copy or download it again, in binary mode");
}

std::unexpected<Error> no_ber() {
  return fail(ErrorKind::kRejected, "CF1208", "the file is damaged: its ASN.1 structure cannot be read",
              "export it again, or ask whoever sent it for a new copy");
}

// Nothing where the header itself is cut off or no BER.
std::optional<Header> read_header(ByteView bytes) {
  if (bytes.size() < 2 || (bytes[0] & 0x1f) == 0x1f) return std::nullopt;
  Header header{bytes[0], 2, bytes[1], false};
  if (header.length == 0x80) {
    header.length = 0;
    header.indefinite = true;
    return header;
  }
  if (header.length < 0x80) return header;
  const std::size_t count = header.length & 0x7f;
  header.length = 0;
  if (count > 8 || bytes.size() < 2 + count) return std::nullopt;
  for (std::size_t i = 0; i < count; ++i) {
    if (header.length >> 48 != 0) return std::nullopt;
    header.length = header.length << 8 | bytes[2 + i];
  }
  header.size = 2 + count;
  return header;
}

bool is_string(std::uint8_t primitive_tag) {
  switch (primitive_tag) {
    case der::kBitString:
    case der::kOctetString:
    case der::kUtf8String: return true;
    default: return primitive_tag >= 0x12 && primitive_tag <= 0x1e;  // the other string types and times
  }
}

// Where an element lies, to say what is wrong with its length.
struct Place {
  std::size_t offset = 0;   // from the start of the outermost one
  bool bounded = false;     // something around it states its own length
  std::size_t depth = 0;    // that is left
};

// Appends the normalized form of the element at the front of `bytes`; returns how many octets it took.
Result<std::size_t> append_element(Bytes& out, ByteView bytes, const Place& place) {
  if (place.depth == 0) {
    return fail(ErrorKind::kRejected, "CF1209", "the file is nested too deeply",
                "no real certificate file is: do not trust its source");
  }
  const auto header = read_header(bytes);
  if (!header) return no_ber();
  const bool constructed = (header->tag & kConstructed) != 0;
  if (header->indefinite && !constructed) return no_ber();
  if (!header->indefinite && header->length > bytes.size() - header->size) {
    // Inside of something whose length is right, a wrong one is no matter of bytes that did not arrive.
    if (place.bounded) return no_ber();
    return cut_off(place.offset + bytes.size(), place.offset + header->size + header->length);
  }

  if (!constructed) {
    const ByteView content = bytes.subspan(header->size, header->length);
    der::append_header(out, header->tag, content.size());
    out.insert(out.end(), content.begin(), content.end());
    return header->size + header->length;
  }
  const auto primitive = static_cast<std::uint8_t>(header->tag & ~kConstructed);
  const bool joins = (header->tag & 0xc0) == 0 && is_string(primitive);
  Bytes content;
  std::size_t at = header->size;
  const std::size_t end = header->indefinite ? bytes.size() : header->size + header->length;
  while (true) {
    if (header->indefinite) {
      if (bytes.size() - at < 2 && place.bounded) return no_ber();
      if (bytes.size() - at < 2) return cut_off(place.offset + bytes.size(), place.offset + at + 2);
      if (bytes[at] == 0 && bytes[at + 1] == 0) {
        at += 2;
        break;
      }
    } else if (at == end) {
      break;
    }
    Bytes inner;
    const Place inside{place.offset + at, place.bounded || !header->indefinite, place.depth - 1};
    CERTFERRY_ASSIGN(const std::size_t taken,
                     append_element(joins ? inner : content, bytes.subspan(at, end - at), inside));
    if (joins) {
      const auto segment = der::Reader(inner).next(primitive);
      if (!segment) return no_ber();
      content.insert(content.end(), segment->content.begin(), segment->content.end());
    }
    at += taken;
  }
  der::append_header(out, joins ? primitive : header->tag, content.size());
  out.insert(out.end(), content.begin(), content.end());
  wipe(content);  // a key in the clear may have passed through
  return at;
}

}  // namespace

Result<Normalized> normalize(ByteView ber, std::size_t depth) {
  Normalized normalized;
  normalized.der.reserve(ber.size() + 64);
  CERTFERRY_ASSIGN(normalized.consumed, append_element(normalized.der, ber, {0, false, depth}));
  return normalized;
}

bool looks_like_sequence(ByteView bytes) {
  if (bytes.empty() || bytes[0] != der::kSequence) return false;
  if (bytes.size() < 2) return true;
  const auto header = read_header(bytes);
  return header && (header->indefinite || header->length > 0 || bytes.size() == 2);
}

}  // namespace certferry::container
