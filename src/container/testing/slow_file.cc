#include "container/testing/slow_file.h"

#include "x509/der.h"
#include "x509/der_writer.h"
#include "x509/oid.h"
#include "x509/pem.h"

namespace certferry::container::testing {
namespace {

using namespace std::string_view_literals;

Bytes oid(std::string_view octets) { return der::element(der::kOid, {as_bytes(octets)}); }

Bytes integer(std::uint64_t value) {
  Bytes octets;
  for (int shift = 56; shift >= 0; shift -= 8) octets.push_back(static_cast<std::uint8_t>(value >> shift));
  std::size_t first = 0;
  while (first < 7 && octets[first] == 0 && octets[first + 1] < 0x80) ++first;
  return der::element(der::kInteger, {ByteView(octets).subspan(first)});
}

Bytes sixteen_octets() { return der::element(der::kOctetString, {Bytes(16, 0x5a)}); }

std::string file_with(const Bytes& kdf) {
  const Bytes cipher = der::element(der::kSequence, {oid("\x60\x86\x48\x01\x65\x03\x04\x01\x2a"sv), sixteen_octets()});
  const Bytes parameters = der::element(der::kSequence, {kdf, cipher});
  const Bytes algorithm = der::element(der::kSequence, {oid("\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d"sv), parameters});
  const Bytes pem = x509::pem("ENCRYPTED PRIVATE KEY", der::element(der::kSequence, {algorithm, sixteen_octets()}));
  return std::string(as_text(pem));
}

}  // namespace

std::string slow_file(std::uint64_t iterations) {
  const Bytes hmac = der::element(der::kSequence, {oid("\x2a\x86\x48\x86\xf7\x0d\x02\x09"sv)});
  const Bytes pbkdf2 = der::element(der::kSequence, {sixteen_octets(), integer(iterations), hmac});
  return file_with(der::element(der::kSequence, {oid("\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c"sv), pbkdf2}));
}

std::string scrypt_file(std::uint64_t n, std::uint64_t r, std::uint64_t p) {
  const Bytes scrypt = der::element(der::kSequence, {sixteen_octets(), integer(n), integer(r), integer(p)});
  return file_with(der::element(der::kSequence, {oid("\x2b\x06\x01\x04\x01\xda\x47\x04\x0b"sv), scrypt}));
}

}  // namespace certferry::container::testing
