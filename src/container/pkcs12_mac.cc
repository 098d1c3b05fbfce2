#include "container/pkcs12_mac.h"

#include <algorithm>

#include "container/algorithm.h"
#include "x509/der.h"
#include "x509/oid.h"

namespace certferry::container {
namespace {

using namespace std::string_view_literals;
constexpr x509::Oid kPbmac1 = "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0e"sv;
constexpr x509::Oid kPbkdf2 = "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c"sv;
constexpr std::size_t kLeastPbmac1Key = 20;
constexpr std::size_t kMostPbmac1Key = 1024;

std::unexpected<Error> malformed() {
  return fail(ErrorKind::kRejected, "CF1208", "the file is damaged: its MAC cannot be read", "export it again");
}

std::unexpected<Error> bad_pbmac1(std::string_view why) {
  return fail(ErrorKind::kRejected, "CF1217",
              "the file's integrity protection (PBMAC1) is not allowed: " + std::string(why),
              "do not trust this file; export it again with a current tool");
}

std::unexpected<Error> unknown(x509::Oid oid) {
  // GOST's are known to exist, and outside what is imported; any other one is no algorithm that a tool writes.
  const bool gost = x509::dotted(oid).starts_with("1.2.643.");
  return fail(gost ? ErrorKind::kUnsupported : ErrorKind::kRejected, "CF1216",
              "the file uses an unknown MAC algorithm: " + x509::dotted(oid),
              "export it again with HMAC-SHA256, which every tool reads");
}

// PBMAC1-params of RFC 8018 A.5 as RFC 9579 section 4 restricts them.
Result<> read_pbmac1(der::Reader parameters, Pkcs12Mac& mac) {
  const auto sequence = parameters.next(der::kSequence);
  if (!sequence) return bad_pbmac1("it has no parameters");
  der::Reader fields(sequence->content);
  auto kdf = read_algorithm(fields);
  const auto scheme = read_algorithm(fields);
  if (!kdf || !scheme) return bad_pbmac1("its parameters cannot be read");
  if (kdf->oid != kPbkdf2) return bad_pbmac1("its key derivation is not PBKDF2");
  const auto hash = hmac_hash(scheme->oid);
  if (!hash || *hash == Hash::kMd5) return unknown(scheme->oid);
  const auto inner = kdf->parameters.next(der::kSequence);
  if (!inner) return bad_pbmac1("its PBKDF2 parameters cannot be read");
  der::Reader pbkdf2(inner->content);
  const auto salt = pbkdf2.next(der::kOctetString);
  if (!salt) return bad_pbmac1("its salt is no OCTET STRING");
  const auto count = pbkdf2.next(der::kInteger);
  const auto iterations = count ? small_integer(count->content) : std::nullopt;
  if (!iterations || *iterations == 0) return bad_pbmac1("its iteration count is no positive number");
  const auto length = pbkdf2.next(der::kInteger);
  if (!length) return bad_pbmac1("it states no key length");
  const auto size = small_integer(length->content);
  if (!size || *size < kLeastPbmac1Key || *size > kMostPbmac1Key)
    return bad_pbmac1("its key length is outside 20 to 1024 octets");
  mac.kdf_hash = Hash::kSha1;
  if (!pbkdf2.at_end()) {
    const auto prf = read_algorithm(pbkdf2);
    const auto prf_hash = prf ? hmac_hash(prf->oid) : std::nullopt;
    if (!prf_hash || *prf_hash == Hash::kMd5) return bad_pbmac1("its pseudorandom function is unknown");
    mac.kdf_hash = *prf_hash;
  }
  mac.pbmac1 = true;
  mac.hash = *hash;
  mac.salt = to_bytes(salt->content);
  mac.iterations = *iterations;
  mac.key_size = *size;
  return {};
}

bool equal_in_constant_time(ByteView a, ByteView b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= unsigned{a[i]} ^ b[i];
  return difference == 0;
}

}  // namespace

Result<Pkcs12Mac> Pkcs12Mac::parse(ByteView mac_data) {
  const auto sequence = der::Reader(mac_data).next(der::kSequence);
  if (!sequence) return malformed();
  der::Reader fields(sequence->content);
  const auto digest_info = fields.next(der::kSequence);
  const auto salt = fields.next(der::kOctetString);
  if (!digest_info || !salt) return malformed();
  der::Reader info(digest_info->content);
  const auto algorithm = read_algorithm(info);
  const auto octets = info.next(der::kOctetString);
  if (!algorithm || !octets) return malformed();
  Pkcs12Mac mac;
  mac.digest = to_bytes(octets->content);
  if (algorithm->oid == kPbmac1) {
    CERTFERRY_TRY(read_pbmac1(algorithm->parameters, mac));
    return mac;
  }
  const auto hash = digest_hash(algorithm->oid);
  if (!hash) return unknown(algorithm->oid);
  mac.hash = *hash;
  mac.salt = to_bytes(salt->content);
  if (const auto count = fields.next(der::kInteger)) {
    const auto iterations = small_integer(count->content);
    if (!iterations || *iterations == 0) return malformed();
    mac.iterations = *iterations;
  }
  return mac;
}

x509::Mac Pkcs12Mac::explain() const {
  return {(pbmac1 ? "PBMAC1 HMAC-" : "HMAC-") + std::string(name_of(hash)), pbmac1 ? "PBKDF2" : "PKCS12KDF",
          iterations};
}

Result<> Pkcs12Mac::charge(Budget& budget) const {
  return budget.charge(iterations, pbmac1 ? (key_size + digest_size(kdf_hash) - 1) / digest_size(kdf_hash) : 1);
}

bool Pkcs12Mac::verifies(ByteView content, const Passwords::Candidate& password, DerivedKeys& keys) const {
  using enum Derivation::Function;
  const Secret key =
      keys.get(pbmac1 ? Derivation{kPbkdf2, kdf_hash, password.utf8.clone(), salt, iterations, key_size}
                      : Derivation{kPkcs12Mac, hash, password.bmp.clone(), salt, iterations, digest_size(hash)});
  return equal_in_constant_time(hmac(hash, key.view(), content), digest);
}

}  // namespace certferry::container
