#include "x509/private_key.h"

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/err.h>
#include <openssl/objects.h>

#include <array>

#include "x509/der.h"
#include "x509/der_writer.h"
#include "x509/openssl_ptr.h"
#include "x509/pem.h"

namespace certferry::x509 {
namespace {

constexpr std::uint8_t kVersion0[] = {der::kInteger, 1, 0};
constexpr std::uint8_t kNull[] = {der::kNull, 0};

std::unexpected<Error> malformed(std::string_view what) {
  return fail(ErrorKind::kRejected, "CF1150", "the private key cannot be read: " + std::string(what),
              "export the key again; it may have been damaged or cut off");
}

std::unexpected<Error> inconsistent(std::string_view what) {
  return fail(ErrorKind::kRejected, "CF1151", "the private key is damaged: " + std::string(what),
              "restore the key from a backup, or have the certificate issued again for a new key");
}

std::unexpected<Error> unsupported(std::string algorithm) {
  return fail(ErrorKind::kUnsupported, "CF1152",
              "private keys of the kind " + std::move(algorithm) + " are not imported",
              "use RSA, RSA-PSS, EC on P-256, P-384 or P-521, Ed25519 or Ed448");
}

Bytes algorithm_identifier(Oid algorithm, ByteView parameters) {
  return der::element(der::kSequence, {der::element(der::kOid, {as_bytes(algorithm)}), parameters});
}

// PrivateKeyInfo around the key's own encoding.
Secret wrap(ByteView algorithm, ByteView key) {
  const Secret octets(der::element(der::kOctetString, {key}));
  return Secret(der::element(der::kSequence, {kVersion0, algorithm, octets.view()}));
}

Result<PublicKey> public_key_from(ByteView algorithm, ByteView bits) {
  auto key = PublicKey::from_spki(der::element(der::kSequence, {algorithm, der::bit_string(bits)}));
  if (!key) return malformed("its public part cannot be written");
  return std::move(*key);
}

BignumPtr bignum(ByteView integer) {
  BignumPtr number(BN_secure_new());
  if (!number || !BN_bin2bn(integer.data(), static_cast<int>(integer.size()), number.get())) return nullptr;
  BN_set_flags(number.get(), BN_FLG_CONSTTIME);
  return number;
}

// The nine numbers of RSAPrivateKey, in its order.
struct RsaParts {
  enum Index { kModulus, kPublic, kPrivate, kPrime1, kPrime2, kExponent1, kExponent2, kCoefficient, kCount };
  std::array<ByteView, kCount> numbers;
};

// a * b mod m == expected, all of them positive.
bool product_is(const BIGNUM* a, const BIGNUM* b, const BIGNUM* m, const BIGNUM* expected, BN_CTX* context) {
  BignumPtr product(BN_secure_new());
  return product && BN_mod_mul(product.get(), a, b, m, context) == 1 && BN_cmp(product.get(), expected) == 0;
}

// RFC 8017 section 3.2: n = p q; e dP = 1 mod p-1; e dQ = 1 mod q-1; q qInv = 1 mod p; d agrees with both.
bool rsa_parts_agree(const RsaParts& parts) {
  std::array<BignumPtr, RsaParts::kCount> n;
  for (std::size_t i = 0; i < n.size(); ++i) {
    n[i] = bignum(parts.numbers[i]);
    if (!n[i] || BN_is_zero(n[i].get())) return false;
  }
  const BignumContextPtr context(BN_CTX_secure_new());
  BignumPtr product(BN_secure_new());
  if (!context || !product ||
      BN_mul(product.get(), n[RsaParts::kPrime1].get(), n[RsaParts::kPrime2].get(), context.get()) != 1 ||
      BN_cmp(product.get(), n[RsaParts::kModulus].get()) != 0) {
    return false;
  }
  const auto prime_agrees = [&](RsaParts::Index prime, RsaParts::Index exponent) {
    BignumPtr order(BN_dup(n[prime].get()));
    BignumPtr reduced(BN_secure_new());
    if (!order || !reduced || BN_is_one(order.get()) || BN_sub_word(order.get(), 1) != 1) return false;
    BN_set_flags(order.get(), BN_FLG_CONSTTIME);
    return BN_mod(reduced.get(), n[RsaParts::kPrivate].get(), order.get(), context.get()) == 1 &&
           BN_cmp(reduced.get(), n[exponent].get()) == 0 &&
           product_is(n[RsaParts::kPublic].get(), reduced.get(), order.get(), BN_value_one(), context.get());
  };
  return prime_agrees(RsaParts::kPrime1, RsaParts::kExponent1) &&
         prime_agrees(RsaParts::kPrime2, RsaParts::kExponent2) &&
         product_is(n[RsaParts::kPrime2].get(), n[RsaParts::kCoefficient].get(), n[RsaParts::kPrime1].get(),
                    BN_value_one(), context.get());
}

// Both results of reading an algorithm's own private key encoding: its canonical form and the public key.
struct KeyParts {
  Secret key;
  Bytes public_bits;
};

Result<KeyParts> read_rsa(ByteView der) {
  constexpr std::size_t kMaxModulusOctets = 16384 / 8 + 1;
  der::Reader outer(der);
  const auto sequence = outer.next(der::kSequence);
  if (!sequence) return malformed("it is no RSAPrivateKey");
  der::Reader reader(sequence->content);
  const auto version = reader.next(der::kInteger);
  if (!version || version->content.size() != 1) return malformed("it is no RSAPrivateKey");
  if (version->content[0] != 0) return unsupported("multi-prime RSA");
  RsaParts parts;
  std::array<ByteView, 2> public_numbers;
  for (std::size_t i = 0; i < RsaParts::kCount; ++i) {
    const auto number = reader.next(der::kInteger);
    if (!number || number->content.empty() || (number->content[0] & 0x80))
      return malformed("a number of the RSA key is missing");
    if (number->content.size() > kMaxModulusOctets) return unsupported("RSA above 16384 bits");
    parts.numbers[i] = number->content;
    if (i < public_numbers.size()) public_numbers[i] = number->whole;
  }
  if (!rsa_parts_agree(parts)) return inconsistent("the numbers of the RSA key do not fit together");
  return KeyParts{Secret(sequence->whole), der::element(der::kSequence, {public_numbers[0], public_numbers[1]})};
}

// ECPrivateKey, written anew with the public key and without parameters, so that equal keys have equal files.
Result<KeyParts> read_ec(ByteView der, Oid curve) {
  der::Reader outer(der);
  const auto sequence = outer.next(der::kSequence);
  if (!sequence) return malformed("it is no ECPrivateKey");
  der::Reader reader(sequence->content);
  const auto version = reader.next(der::kInteger);
  const auto scalar = reader.next(der::kOctetString);
  if (!version || !scalar || version->content.size() != 1 || version->content[0] != 1)
    return malformed("it is no ECPrivateKey");
  if (const auto parameters = reader.next(der::context(0))) {
    const auto named = der::Reader(parameters->content).next(der::kOid);
    if (named && curve.empty()) curve = to_oid(named->content);
    if (named && curve != to_oid(named->content)) return inconsistent("it names two different curves");
  }
  if (curve.empty()) return malformed("it does not name its curve");
  if (curve != oid::kP256 && curve != oid::kP384 && curve != oid::kP521) return unsupported("EC " + oid_name(curve));

  const EcGroupPtr group(EC_GROUP_new_by_curve_name(OBJ_txt2nid(dotted(curve).c_str())));
  const BignumPtr d = bignum(scalar->content);
  const EcPointPtr point(group ? EC_POINT_new(group.get()) : nullptr);
  if (!group || !d || !point || BN_is_zero(d.get()) || BN_cmp(d.get(), EC_GROUP_get0_order(group.get())) >= 0) {
    return inconsistent("the number of the EC key is outside its curve");
  }
  Bytes bits(1 + 2 * static_cast<std::size_t>((EC_GROUP_get_degree(group.get()) + 7) / 8));
  if (EC_POINT_mul(group.get(), point.get(), d.get(), nullptr, nullptr, nullptr) != 1 ||
      EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, bits.data(), bits.size(), nullptr) !=
          bits.size()) {
    return inconsistent("its public point cannot be computed");
  }
  Bytes padded((static_cast<std::size_t>(EC_GROUP_order_bits(group.get())) + 7) / 8);
  const bool fits = BN_bn2binpad(d.get(), padded.data(), static_cast<int>(padded.size())) > 0;
  const Secret number(std::move(padded));
  if (!fits) return inconsistent("the number of the EC key is outside its curve");
  constexpr std::uint8_t kVersion1[] = {der::kInteger, 1, 1};
  const Secret octets(der::element(der::kOctetString, {number.view()}));
  const Bytes tagged = der::element(der::context(1), {der::bit_string(bits)});
  return KeyParts{Secret(der::element(der::kSequence, {kVersion1, octets.view(), tagged})), std::move(bits)};
}

// The curve that explicit parameters (RFC 3279 section 2.3.5) spell out, by its field and its order; empty for any other.
Oid curve_of_parameters(ByteView parameters) {
  der::Reader fields(parameters);
  if (!fields.next(der::kInteger)) return {};
  const auto field = fields.next(der::kSequence);
  const auto coefficients = fields.next(der::kSequence);
  const auto generator = fields.next(der::kOctetString);
  const auto order = fields.next(der::kInteger);
  if (!field || !coefficients || !generator || !order) return {};
  der::Reader inside(field->content);
  const auto kind = inside.next(der::kOid);
  const auto prime = inside.next(der::kInteger);
  if (!kind || !prime) return {};
  for (Oid curve : {oid::kP256, oid::kP384, oid::kP521}) {
    const EcGroupPtr group(EC_GROUP_new_by_curve_name(OBJ_txt2nid(dotted(curve).c_str())));
    const BignumPtr p(BN_new());
    const BignumPtr n = bignum(order->content);
    const BignumPtr stated = bignum(prime->content);
    if (!group || !p || !n || !stated || EC_GROUP_get_curve(group.get(), p.get(), nullptr, nullptr, nullptr) != 1)
      continue;
    if (BN_cmp(p.get(), stated.get()) == 0 && BN_cmp(n.get(), EC_GROUP_get0_order(group.get())) == 0) return curve;
  }
  return {};
}

// DSA keys are not imported; a damaged one is told from one that is only unsupported.
bool is_dsa(der::Reader parameters) {
  const auto sequence = parameters.next(der::kSequence);
  if (!sequence) return false;
  der::Reader numbers(sequence->content);
  for (int i = 0; i < 3; ++i) {
    const auto number = numbers.next(der::kInteger);
    const auto shortest = [](ByteView content) { return content.size() == 1 || content[0] != 0 || content[1] >= 0x80; };
    if (!number || number->content.empty() || !shortest(number->content)) return false;
  }
  return numbers.at_end();
}

Result<KeyParts> read_edwards(ByteView der, Oid algorithm) {
  const bool is_25519 = algorithm == oid::kEd25519;
  const std::size_t size = is_25519 ? 32 : 57;
  der::Reader reader(der);
  const auto seed = reader.next(der::kOctetString);
  if (!seed || !reader.at_end() || seed->content.size() != size)
    return malformed("it is no CurvePrivateKey of RFC 8410");
  const EvpKeyPtr key(
      EVP_PKEY_new_raw_private_key(is_25519 ? EVP_PKEY_ED25519 : EVP_PKEY_ED448, nullptr, seed->content.data(), size));
  Bytes bits(size);
  std::size_t written = size;
  if (!key || EVP_PKEY_get_raw_public_key(key.get(), bits.data(), &written) != 1 || written != size) {
    ERR_clear_error();
    return inconsistent("its public key cannot be computed");
  }
  return KeyParts{Secret(seed->whole), std::move(bits)};
}

}  // namespace

Result<PrivateKey> PrivateKey::from_pkcs8(ByteView der) {
  der::Reader outer(der);
  const auto sequence = outer.next(der::kSequence);
  if (!sequence) return malformed("it is no PrivateKeyInfo, or it is cut off");
  der::Reader reader(sequence->content);
  const auto version = reader.next(der::kInteger);
  const auto algorithm = reader.next(der::kSequence);
  const auto octets = reader.next(der::kOctetString);
  if (!version || version->content.size() != 1 || version->content[0] > 1 || !algorithm || !octets) {
    return malformed("it is no PrivateKeyInfo");
  }
  der::Reader fields(algorithm->content);
  const auto type = fields.next(der::kOid);
  if (!type) return malformed("it names no algorithm");
  const Oid oid = to_oid(type->content);
  if (oid == oid::kDsa && !is_dsa(fields)) return malformed("its DSA parameters are damaged");
  Bytes explicit_algorithm;  // written by name, where the file spelled the curve out
  Result<KeyParts> parts = unsupported(oid_name(oid));
  if (oid == oid::kRsaEncryption || oid == oid::kRsaPss) {
    parts = read_rsa(octets->content);
  } else if (oid == oid::kEcPublicKey) {
    Oid curve;
    if (const auto named = fields.next(der::kOid)) {
      curve = to_oid(named->content);
    } else if (const auto spelled = fields.next(der::kSequence)) {
      curve = curve_of_parameters(spelled->content);
      if (curve.empty()) return unsupported("EC with explicit parameters");
      explicit_algorithm = algorithm_identifier(oid, der::element(der::kOid, {as_bytes(curve)}));
    } else {
      return malformed("it does not name its curve");
    }
    parts = read_ec(octets->content, curve);
  } else if (oid == oid::kEd25519 || oid == oid::kEd448) {
    parts = read_edwards(octets->content, oid);
  }
  if (!parts) return std::unexpected(std::move(parts).error());

  static_cast<void>(reader.next(der::context(0)));  // attributes say nothing about the key
  constexpr std::uint8_t kPublicKey = 0x81;
  if (const auto stored = reader.next(kPublicKey)) {
    if (stored->content.empty() || !equal(stored->content.subspan(1), parts->public_bits)) {
      return inconsistent("the public key stored beside it is another one");
    }
  }
  const ByteView identifier = explicit_algorithm.empty() ? algorithm->whole : ByteView(explicit_algorithm);
  CERTFERRY_ASSIGN(PublicKey key, public_key_from(identifier, parts->public_bits));
  if (!key.importable()) return malformed("the parameters of its algorithm are impossible");
  return PrivateKey(wrap(identifier, parts->key.view()), std::move(key));
}

Result<PrivateKey> PrivateKey::from_pkcs1(ByteView der) {
  CERTFERRY_ASSIGN(KeyParts parts, read_rsa(der));
  const Bytes identifier = algorithm_identifier(oid::kRsaEncryption, kNull);
  CERTFERRY_ASSIGN(PublicKey key, public_key_from(identifier, parts.public_bits));
  return PrivateKey(wrap(identifier, parts.key.view()), std::move(key));
}

Result<PrivateKey> PrivateKey::from_sec1(ByteView der) {
  der::Reader outer(der);
  const auto sequence = outer.next(der::kSequence);
  if (!sequence) return malformed("it is no ECPrivateKey");
  der::Reader reader(sequence->content);
  static_cast<void>(reader.next(der::kInteger));
  static_cast<void>(reader.next(der::kOctetString));
  const auto parameters = reader.next(der::context(0));
  if (!parameters) return malformed("it does not name its curve");
  Oid curve;
  if (const auto named = der::Reader(parameters->content).next(der::kOid)) {
    curve = to_oid(named->content);
  } else if (const auto spelled = der::Reader(parameters->content).next(der::kSequence)) {
    curve = curve_of_parameters(spelled->content);
  }
  if (curve.empty()) return unsupported("EC with explicit parameters");
  CERTFERRY_ASSIGN(KeyParts parts, read_ec(der, curve));
  const Bytes identifier = algorithm_identifier(oid::kEcPublicKey, der::element(der::kOid, {as_bytes(curve)}));
  CERTFERRY_ASSIGN(PublicKey key, public_key_from(identifier, parts.public_bits));
  return PrivateKey(wrap(identifier, parts.key.view()), std::move(key));
}

Secret PrivateKey::pem() const { return Secret(x509::pem("PRIVATE KEY", pkcs8_.view())); }

PrivateKey PrivateKey::clone() const { return PrivateKey(pkcs8_.clone(), public_key_); }

}  // namespace certferry::x509
