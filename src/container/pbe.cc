#include "container/pbe.h"

#include <array>

#include "container/algorithm.h"
#include "x509/der.h"
#include "x509/oid.h"

namespace certferry::container {
namespace {

using namespace std::string_view_literals;
using x509::Oid;

// Iterations: the versions that wrote odd keys used far fewer, and a wrong password should not cost four times a right one.
constexpr std::uint64_t kMostOfOldNss = 100'000;
constexpr Oid kPbes2 = "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d"sv;
constexpr Oid kPbkdf2 = "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c"sv;
constexpr Oid kScrypt = "\x2b\x06\x01\x04\x01\xda\x47\x04\x0b"sv;
constexpr Oid kPkcs5Prefix = "\x2a\x86\x48\x86\xf7\x0d\x01\x05"sv;
constexpr Oid kPkcs12PbePrefix = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01"sv;
constexpr Oid kHmacPrefix = "\x2a\x86\x48\x86\xf7\x0d\x02"sv;
constexpr Oid kAesPrefix = "\x60\x86\x48\x01\x65\x03\x04\x01"sv;
constexpr Oid kDesEde3Cbc = "\x2a\x86\x48\x86\xf7\x0d\x03\x07"sv;
constexpr Oid kRc2Cbc = "\x2a\x86\x48\x86\xf7\x0d\x03\x02"sv;
constexpr Oid kDesCbc = "\x2b\x0e\x03\x02\x07"sv;

std::unexpected<Error> unknown(std::string_view what, Oid oid) {
  return fail(ErrorKind::kUnsupported, "CF1211",
              "the file uses an unknown " + std::string(what) + ": " + x509::dotted(oid),
              "export it again with AES-256 and PBKDF2, which every tool reads");
}

std::unexpected<Error> malformed(std::string_view what) {
  return fail(ErrorKind::kRejected, "CF1208", "the file is damaged: " + std::string(what) + " cannot be read",
              "export it again");
}

struct NamedScheme {
  std::uint8_t last;  // arc of the OID
  Hash hash;
  Cipher cipher;
  std::size_t key_size;
  int rc2_bits;
};
constexpr std::array kPkcs12Schemes = {
    NamedScheme{1, Hash::kSha1, Cipher::kRc4, 16, 0},
    NamedScheme{2, Hash::kSha1, Cipher::kRc4, 5, 0},
    NamedScheme{3, Hash::kSha1, Cipher::kTripleDesCbc, 24, 0},
    NamedScheme{4, Hash::kSha1, Cipher::kTripleDesCbc, 16, 0},
    NamedScheme{5, Hash::kSha1, Cipher::kRc2Cbc, 16, 128},
    NamedScheme{6, Hash::kSha1, Cipher::kRc2Cbc, 5, 40},
};
constexpr std::array kPkcs5Schemes = {
    NamedScheme{3, Hash::kMd5, Cipher::kDesCbc, 8, 0},
    NamedScheme{6, Hash::kMd5, Cipher::kRc2Cbc, 8, 64},
    NamedScheme{10, Hash::kSha1, Cipher::kDesCbc, 8, 0},
    NamedScheme{11, Hash::kSha1, Cipher::kRc2Cbc, 8, 64},
};

template <std::size_t size>
const NamedScheme* find(const std::array<NamedScheme, size>& schemes, Oid oid, Oid prefix) {
  if (oid.size() != prefix.size() + 1 || !oid.starts_with(prefix)) return nullptr;
  for (const NamedScheme& scheme : schemes) {
    if (scheme.last == static_cast<std::uint8_t>(oid.back())) return &scheme;
  }
  return nullptr;
}

// Salt and iteration count of PBES1 and of the PKCS #12 schemes.
Result<> read_salt_and_count(der::Reader parameters, Scheme& scheme) {
  const auto sequence = parameters.next(der::kSequence);
  if (!sequence) return malformed("a PBE parameter");
  der::Reader fields(sequence->content);
  const auto salt = fields.next(der::kOctetString);
  const auto count = fields.next(der::kInteger);
  const auto iterations = count ? small_integer(count->content) : std::nullopt;
  if (!salt || !iterations || *iterations == 0) return malformed("a PBE parameter");
  scheme.salt = to_bytes(salt->content);
  scheme.iterations = *iterations;
  return {};
}

Result<> read_pbkdf2(der::Reader parameters, Scheme& scheme) {
  const auto sequence = parameters.next(der::kSequence);
  if (!sequence) return malformed("the PBKDF2 parameters");
  der::Reader fields(sequence->content);
  const auto salt = fields.next(der::kOctetString);
  const auto count = fields.next(der::kInteger);
  const auto iterations = count ? small_integer(count->content) : std::nullopt;
  if (!salt || !iterations || *iterations == 0) return malformed("the PBKDF2 parameters");
  scheme.kdf = Scheme::Kdf::kPbkdf2;
  scheme.salt = to_bytes(salt->content);
  scheme.iterations = *iterations;
  if (const auto length = fields.next(der::kInteger)) {
    const auto size = small_integer(length->content);
    if (!size || *size == 0 || *size > 1024) return malformed("PBKDF2's key length");
    scheme.stated_key_size = *size;
  }
  if (!fields.at_end()) {
    const auto prf = read_algorithm(fields);
    if (!prf || !fields.at_end()) return malformed("PBKDF2's pseudorandom function");
    const auto hash = hmac_hash(prf->oid);
    if (!hash || *hash == Hash::kMd5) return unknown("pseudorandom function", prf->oid);
    scheme.hash = *hash;
  }
  return {};
}

Result<> read_scrypt(der::Reader parameters, Scheme& scheme) {
  const auto sequence = parameters.next(der::kSequence);
  if (!sequence) return malformed("the scrypt parameters");
  der::Reader fields(sequence->content);
  const auto salt = fields.next(der::kOctetString);
  std::array<std::uint64_t, 3> numbers{};
  for (std::uint64_t& number : numbers) {
    const auto element = fields.next(der::kInteger);
    const auto value = element ? small_integer(element->content) : std::nullopt;
    if (!value || *value == 0) return malformed("the scrypt parameters");
    number = *value;
  }
  if (!salt) return malformed("the scrypt parameters");
  scheme.kdf = Scheme::Kdf::kScrypt;
  scheme.salt = to_bytes(salt->content);
  scheme.iterations = numbers[0];
  scheme.scrypt_r = numbers[1];
  scheme.scrypt_p = numbers[2];
  return {};
}

Result<> read_cipher(const Algorithm& algorithm, Scheme& scheme) {
  der::Reader parameters = algorithm.parameters;
  if (algorithm.oid == kRc2Cbc) {
    const auto sequence = parameters.next(der::kSequence);
    if (!sequence) return malformed("the RC2 parameters");
    der::Reader fields(sequence->content);
    // RFC 2268 section 6: effective key bits below 256 are written through a table.
    std::uint64_t version = 0;
    if (const auto number = fields.next(der::kInteger)) version = small_integer(number->content).value_or(0);
    scheme.rc2_bits = version == 160   ? 40
                      : version == 120 ? 64
                      : version == 58  ? 128
                      : version >= 256 ? static_cast<int>(std::min<std::uint64_t>(version, 1024))
                                       : 32;
    const auto iv = fields.next(der::kOctetString);
    if (!iv || iv->content.size() != 8) return malformed("the RC2 parameters");
    scheme.cipher = Cipher::kRc2Cbc;
    scheme.key_size = scheme.stated_key_size ? scheme.stated_key_size : 16;
    scheme.iv = to_bytes(iv->content);
    return {};
  }
  if (algorithm.oid.size() == kAesPrefix.size() + 1 && algorithm.oid.starts_with(kAesPrefix) &&
      (algorithm.oid.back() == 2 || algorithm.oid.back() == 22 || algorithm.oid.back() == 42)) {
    scheme.cipher = Cipher::kAesCbc;
    scheme.key_size = algorithm.oid.back() == 2 ? 16 : algorithm.oid.back() == 22 ? 24 : 32;
  } else if (algorithm.oid == kDesEde3Cbc) {
    scheme.cipher = Cipher::kTripleDesCbc;
    scheme.key_size = 24;
  } else if (algorithm.oid == kDesCbc) {
    scheme.cipher = Cipher::kDesCbc;
    scheme.key_size = 8;
  } else {
    return unknown("cipher", algorithm.oid);
  }
  const auto iv = parameters.next(der::kOctetString);
  if (!iv || iv->content.size() != iv_size(scheme.cipher)) return malformed("the initialization vector");
  scheme.iv = to_bytes(iv->content);
  return {};
}

Result<Scheme> read_pbes2(der::Reader parameters) {
  const auto sequence = parameters.next(der::kSequence);
  if (!sequence) return malformed("the PBES2 parameters");
  der::Reader fields(sequence->content);
  const auto kdf = read_algorithm(fields);
  const auto cipher = read_algorithm(fields);
  if (!kdf || !cipher) return malformed("the PBES2 parameters");
  Scheme scheme;
  if (kdf->oid == kPbkdf2) {
    CERTFERRY_TRY(read_pbkdf2(kdf->parameters, scheme));
  } else if (kdf->oid == kScrypt) {
    CERTFERRY_TRY(read_scrypt(kdf->parameters, scheme));
  } else {
    return unknown("key derivation function", kdf->oid);
  }
  CERTFERRY_TRY(read_cipher(*cipher, scheme));
  if (scheme.stated_key_size == scheme.key_size) scheme.stated_key_size = 0;
  return scheme;
}

// Key and IV for one password by one way of encoding it.
struct KeyAndIv {
  Secret key;
  Secret iv;
};

std::optional<KeyAndIv> derive(const Scheme& scheme, ByteView utf8, ByteView bmp, std::size_t key_size,
                               DerivedKeys& keys) {
  switch (scheme.kdf) {
    case Scheme::Kdf::kPkcs12: {
      Secret key = pkcs12_kdf(scheme.hash, Pkcs12Use::kKey, bmp, scheme.salt, scheme.iterations, key_size);
      if (iv_size(scheme.cipher) == 0) return KeyAndIv{std::move(key), Secret()};
      return KeyAndIv{std::move(key), pkcs12_kdf(scheme.hash, Pkcs12Use::kIv, bmp, scheme.salt, scheme.iterations,
                                                 iv_size(scheme.cipher))};
    }
    case Scheme::Kdf::kPbkdf1: {
      const Secret both = pbkdf1(scheme.hash, utf8, scheme.salt, scheme.iterations, 16);
      return KeyAndIv{Secret(both.view().first(8)), Secret(both.view().subspan(8))};
    }
    case Scheme::Kdf::kPbkdf2:
      return KeyAndIv{keys.get(scheme.derivation(utf8, key_size)), Secret(ByteView(scheme.iv))};
    case Scheme::Kdf::kScrypt: {
      auto key = scrypt(utf8, scheme.salt, scheme.iterations, scheme.scrypt_r, scheme.scrypt_p, key_size, 256ull << 20);
      if (!key) return std::nullopt;
      return KeyAndIv{std::move(*key), Secret(ByteView(scheme.iv))};
    }
  }
  return std::nullopt;
}

}  // namespace

Passwords::Passwords(const Secret* password) : given_(password != nullptr) {
  if (password != nullptr) {
    candidates_.push_back({password->clone(), bmp_password(password->view())});
    if (!password->empty()) return;
  } else {
    candidates_.push_back({Secret(), bmp_password({})});
  }
  candidates_.push_back({Secret(), Secret()});
}

void Passwords::settle(std::size_t index) {
  Candidate chosen = std::move(candidates_[index]);
  candidates_.clear();
  candidates_.push_back(std::move(chosen));
}

std::unexpected<Error> Passwords::wrong() const {
  if (!given_) {
    return fail(ErrorKind::kRejected, "CF1205", "the file is protected by a password and none was given",
                "give it with --password-file FILE, or run the command on a terminal and be asked");
  }
  return fail(ErrorKind::kRejected, "CF1204", "the password is wrong",
              "check capitals, blanks and the keyboard layout, and that the password belongs to this file");
}

std::optional<std::uint64_t> small_integer(ByteView content) {
  if (content.empty() || content.size() > 7 || (content[0] & 0x80)) return std::nullopt;
  std::uint64_t value = 0;
  for (std::uint8_t octet : content) value = value << 8 | octet;
  return value;
}

std::optional<Hash> hmac_hash(Oid oid) {
  if (oid.size() != kHmacPrefix.size() + 1 || !oid.starts_with(kHmacPrefix)) return std::nullopt;
  switch (oid.back()) {
    case 6: return Hash::kMd5;
    case 7: return Hash::kSha1;
    case 8: return Hash::kSha224;
    case 9: return Hash::kSha256;
    case 10: return Hash::kSha384;
    case 11: return Hash::kSha512;
    case 12: return Hash::kSha512_224;
    case 13: return Hash::kSha512_256;
    default: return std::nullopt;
  }
}

std::optional<Hash> digest_hash(Oid oid) {
  if (oid == x509::oid::kMd5) return Hash::kMd5;
  if (oid == x509::oid::kSha1) return Hash::kSha1;
  if (oid == x509::oid::kSha224) return Hash::kSha224;
  if (oid == x509::oid::kSha256) return Hash::kSha256;
  if (oid == x509::oid::kSha384) return Hash::kSha384;
  if (oid == x509::oid::kSha512) return Hash::kSha512;
  if (oid == "\x60\x86\x48\x01\x65\x03\x04\x02\x05"sv) return Hash::kSha512_224;
  if (oid == "\x60\x86\x48\x01\x65\x03\x04\x02\x06"sv) return Hash::kSha512_256;
  return std::nullopt;
}

Result<Scheme> Scheme::parse(ByteView whole) {
  der::Reader reader(whole);
  const auto algorithm = read_algorithm(reader);
  if (!algorithm) return malformed("an encryption algorithm");
  if (algorithm->oid == kPbes2) return read_pbes2(algorithm->parameters);
  const NamedScheme* pkcs12 = find(kPkcs12Schemes, algorithm->oid, kPkcs12PbePrefix);
  const NamedScheme* pkcs5 = pkcs12 ? nullptr : find(kPkcs5Schemes, algorithm->oid, kPkcs5Prefix);
  const NamedScheme* named = pkcs12 ? pkcs12 : pkcs5;
  if (!named) return unknown("encryption scheme", algorithm->oid);
  Scheme scheme;
  scheme.kdf = pkcs12 ? Kdf::kPkcs12 : Kdf::kPbkdf1;
  scheme.hash = named->hash;
  scheme.cipher = named->cipher;
  scheme.key_size = named->key_size;
  scheme.rc2_bits = named->rc2_bits;
  CERTFERRY_TRY(read_salt_and_count(algorithm->parameters, scheme));
  return scheme;
}

x509::Encryption Scheme::explain(std::string what) const {
  x509::Encryption encryption;
  encryption.what = std::move(what);
  encryption.scheme = kdf == Kdf::kPkcs12 || kdf == Kdf::kPbkdf1 ? "PBES1" : "PBES2";
  switch (cipher) {
    case Cipher::kAesCbc: encryption.cipher = "AES-" + std::to_string(8 * key_size) + "-CBC"; break;
    case Cipher::kDesCbc: encryption.cipher = "DES-CBC"; break;
    case Cipher::kTripleDesCbc: encryption.cipher = key_size == 16 ? "3DES-CBC with two keys" : "3DES-CBC"; break;
    case Cipher::kRc2Cbc: encryption.cipher = "RC2-" + std::to_string(rc2_bits) + "-CBC"; break;
    case Cipher::kRc4: encryption.cipher = "RC4-" + std::to_string(8 * key_size); break;
  }
  switch (kdf) {
    case Kdf::kPkcs12: encryption.kdf = "PKCS12KDF"; break;
    case Kdf::kPbkdf1: encryption.kdf = "PBKDF1"; break;
    case Kdf::kPbkdf2: encryption.kdf = "PBKDF2"; break;
    case Kdf::kScrypt: encryption.kdf = "scrypt"; break;
  }
  if (kdf != Kdf::kScrypt) encryption.prf = (kdf == Kdf::kPbkdf2 ? "HMAC-" : "") + std::string(name_of(hash));
  encryption.iterations = iterations;
  return encryption;
}

Result<> Scheme::charge(Budget& budget) const {
  if (kdf == Kdf::kScrypt) {
    const std::uint64_t limit = budget.limits().scrypt_octets;
    const bool sane = iterations >= 2 && (iterations & (iterations - 1)) == 0 && scrypt_r <= 1024 && scrypt_p <= 64;
    if (!sane || iterations > limit / 128 / scrypt_r) {
      return fail(ErrorKind::kRejected, "CF1210",
                  "the file asks for scrypt with N=" + std::to_string(iterations) + ", r=" + std::to_string(scrypt_r) +
                      ", p=" + std::to_string(scrypt_p) + ", more than " + std::to_string(limit >> 20) + " MiB",
                  "export it again with the usual parameters (N=16384, r=8, p=1)");
    }
    // About as long as that many iterations of HMAC-SHA256.
    return budget.charge(iterations * scrypt_r, scrypt_p);
  }
  const std::size_t size = digest_size(hash);
  const std::size_t blocks = (key_size + size - 1) / size + (kdf == Kdf::kPkcs12 && iv_size(cipher) > 0 ? 1 : 0);
  return budget.charge(iterations, blocks);
}

Derivation Scheme::derivation(ByteView password, std::size_t size) const {
  return {Derivation::Function::kPbkdf2, hash, Secret(password), salt, iterations, size};
}

Result<Secret> decrypt(const Scheme& scheme, ByteView ciphertext, const Passwords& passwords, IsRight is_right,
                       Budget& budget, DerivedKeys& derived) {
  const auto attempt = [&](ByteView utf8, ByteView bmp, std::size_t key_size) -> std::optional<Secret> {
    const auto keys = derive(scheme, utf8, bmp, key_size, derived);
    if (!keys) return std::nullopt;
    auto plain = decrypt(scheme.cipher, keys->key.view(), keys->iv.view(), ciphertext, scheme.rc2_bits);
    if (plain && !is_right(plain->view())) return std::nullopt;
    return plain;
  };
  for (const Passwords::Candidate& candidate : passwords.candidates()) {
    CERTFERRY_TRY(scheme.charge(budget));
    if (auto plain = attempt(candidate.utf8.view(), candidate.bmp.view(), scheme.key_size)) return std::move(*plain);
  }
  if (scheme.kdf != Scheme::Kdf::kPbkdf2 || scheme.iterations > kMostOfOldNss) return passwords.wrong();
  // Old NSS: 3.21 gave PBKDF2 the BMPString (with its zeros), 3.29.5 wrote AES-128 for a key of `keyLength` octets.
  for (const Passwords::Candidate& candidate : passwords.candidates()) {
    std::vector<std::size_t> sizes = {scheme.key_size};
    if (scheme.cipher == Cipher::kAesCbc &&
        (scheme.stated_key_size == 24 || scheme.stated_key_size == 32 || scheme.stated_key_size == 16)) {
      sizes.push_back(scheme.stated_key_size);
    }
    for (const std::size_t size : sizes) {
      if (!scheme.charge(budget)) return passwords.wrong();
      if (size != scheme.key_size) {
        if (auto plain = attempt(candidate.utf8.view(), candidate.bmp.view(), size)) return std::move(*plain);
        if (!scheme.charge(budget)) return passwords.wrong();
      }
      if (candidate.bmp.empty()) continue;
      if (auto plain = attempt(candidate.bmp.view(), candidate.bmp.view(), size)) return std::move(*plain);
      if (!scheme.charge(budget)) return passwords.wrong();
      const ByteView bare = candidate.bmp.view().first(candidate.bmp.size() - 2);
      if (auto plain = attempt(bare, bare, size)) return std::move(*plain);
    }
  }
  return passwords.wrong();
}

}  // namespace certferry::container
