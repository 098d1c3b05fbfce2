#include "container/sniff.h"

#include <algorithm>
#include <array>

#include "x509/der.h"

namespace certferry::container {
namespace {

bool starts_with(ByteView file, std::string_view prefix) { return as_text(file).starts_with(prefix); }

// The tags of a SEQUENCE's elements, the first few.
std::string tags_of(ByteView content) {
  std::string tags;
  for (der::Reader reader(content); !reader.at_end() && tags.size() < 12;) {
    const auto element = reader.next();
    if (!element) break;
    tags += static_cast<char>(element->tag);
  }
  return tags;
}

// tbs, AlgorithmIdentifier, BIT STRING: certificate, request or CRL.
Shape signed_shape(ByteView tbs) {
  const std::string tags = tags_of(tbs);
  const auto at = [&](std::size_t i) { return i < tags.size() ? static_cast<std::uint8_t>(tags[i]) : std::uint8_t{0}; };
  const std::size_t serial = at(0) == der::context(0) ? 1 : 0;
  // A certificate: [0] version, serial, algorithm, issuer, validity, subject, key.
  if (at(serial) == der::kInteger && at(serial + 1) == der::kSequence && at(serial + 2) == der::kSequence &&
      at(serial + 3) == der::kSequence && at(serial + 4) == der::kSequence && at(serial + 5) == der::kSequence) {
    return Shape::kCertificate;
  }
  // A request: version, subject, key, [0] attributes.
  if (at(0) == der::kInteger && at(1) == der::kSequence && at(2) == der::kSequence &&
      (tags.size() == 3 || at(3) == der::context(0)))
    return Shape::kRequest;
  // A CRL: [version,] algorithm, issuer, time.
  const std::size_t algorithm = at(0) == der::kInteger ? 1 : 0;
  if (at(algorithm) == der::kSequence && at(algorithm + 1) == der::kSequence &&
      (at(algorithm + 2) == der::kUtcTime || at(algorithm + 2) == der::kGeneralizedTime)) {
    return Shape::kCrl;
  }
  return Shape::kDerUnknown;
}

Shape sequence_shape(ByteView der) {
  const auto outer = der::Reader(der).next(der::kSequence);
  if (!outer) return Shape::kUnknown;
  const std::string tags = tags_of(outer->content);
  const auto is = [&](std::initializer_list<std::uint8_t> wanted) {
    return tags.size() >= wanted.size() &&
           std::equal(wanted.begin(), wanted.end(), tags.begin(),
                      [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); });
  };
  der::Reader fields(outer->content);
  const auto first = fields.next();
  if (is({der::kOid})) return Shape::kPkcs7;
  if (is({der::kInteger, der::kSequence, der::kOctetString})) return Shape::kPkcs8;
  if (is({der::kInteger, der::kSequence})) {
    // PFX: version 3 and a ContentInfo, which starts with an identifier.
    const auto info = fields.next(der::kSequence);
    return info && der::Reader(info->content).peek() == der::kOid ? Shape::kPkcs12 : Shape::kDerUnknown;
  }
  if (is({der::kInteger, der::kOctetString})) return Shape::kSec1;
  if (tags.size() >= 9 && std::ranges::all_of(tags.substr(0, 9), [](char c) { return c == der::kInteger; }))
    return Shape::kPkcs1;
  if (tags.size() == 6 && std::ranges::all_of(tags, [](char c) { return c == der::kInteger; })) return Shape::kDsaKey;
  if (tags.size() == 2 && is({der::kInteger, der::kInteger})) return Shape::kRsaPublic;
  if (is({der::kSequence, der::kBitString}) && tags.size() == 2) return Shape::kSpki;
  if (is({der::kSequence, der::kSequence, der::kBitString})) return signed_shape(first->content);
  if (is({der::kSequence, der::kOctetString})) {
    return der::Reader(first->content).peek() == der::kOid ? Shape::kEncryptedPkcs8 : Shape::kDerUnknown;
  }
  if (is({der::kSequence})) {
    // PkiPath: certificates; BCFKS: encrypted data, then its integrity check.
    if (sequence_shape(first->whole) == Shape::kCertificate) return Shape::kPkiPath;
    if (tags.size() == 2 && is({der::kSequence, der::kSequence})) return Shape::kBcfks;
  }
  return Shape::kDerUnknown;
}

bool contains_ignoring_case(std::string_view text, std::string_view word) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::search(text.begin(), text.end(), word.begin(), word.end(),
                     [&](char a, char b) { return lower(a) == b; }) != text.end();
}

}  // namespace

Shape sniff(ByteView file, ByteView der) {
  if (file.empty()) return Shape::kEmpty;
  if (!der.empty()) return sequence_shape(der);
  using namespace std::string_view_literals;
  if (starts_with(file, "\xfe\xed\xfe\xed"sv)) return Shape::kJks;
  if (starts_with(file, "\xce\xce\xce\xce"sv)) return Shape::kJceks;
  if (starts_with(file, "\x1e\xf1\xb5\xb0"sv) || starts_with(file, "\x07\x02\0\0"sv) ||
      starts_with(file, "\x06\x02\0\0"sv))
    return Shape::kPvk;
  if (starts_with(file, "7H\x06\x02"sv) || starts_with(file, "0001GSKM"sv)) return Shape::kKdb;
  for (std::string_view start : {"\0\0\0\0\0\0\0"sv, "\0\0\0\x01\0\0\0"sv, "\0\0\0\x02\0\0\0"sv}) {
    if (starts_with(file, start)) return Shape::kBksOrUber;
  }
  const std::string_view head = as_text(file).substr(0, 1024);
  if (contains_ignoring_case(head, "<html") || contains_ignoring_case(head, "<!doctype html")) return Shape::kHtml;
  if (starts_with(file, "SPKAC="sv)) return Shape::kSpkac;
  if (starts_with(file, "eyJ"sv) || (starts_with(file, "{"sv) && (contains_ignoring_case(head, "\"kty\"") ||
                                                                  contains_ignoring_case(head, "\"ciphertext\"")))) {
    return Shape::kJwk;
  }
  for (std::string_view start :
       {"ssh-"sv, "ecdsa-sha2-"sv, "sk-ssh-"sv, "---- BEGIN SSH2"sv, "PuTTY-User-Key-File"sv}) {
    if (starts_with(file, start)) return Shape::kSsh;
  }
  if (const std::uint8_t tag = file[0]; tag == 0x85 || tag == 0x95 || tag == 0x99 || tag == 0xc5 || tag == 0xc6)
    return Shape::kOpenPgp;
  const bool text = std::ranges::none_of(file, [](std::uint8_t c) { return c < 9 || (c > 13 && c < 32 && c != 27); });
  return text ? Shape::kText : Shape::kUnknown;
}

}  // namespace certferry::container
