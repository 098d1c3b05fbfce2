#include "x509/public_key.h"

// Decoding and verifying by the low-level functions: OpenSSL 3.0's providers and decoders take 100 to 400 us a key and
// 0.3 ms for the first fetch, more than the verification itself.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/md5.h>
#include <openssl/objects.h>
#include <openssl/sha.h>

#include <array>
#include <bit>
#include <mutex>

#include "x509/der.h"
#include "x509/digest.h"
#include "x509/openssl_ptr.h"

namespace certferry::x509 {
namespace {

constexpr int kMaxRsaBits = 16384;  // as OpenSSL limits it: the work grows with the square

struct NamedSignature {
  Oid oid;
  KeyAlgorithm key;
  std::string_view digest;
};
constexpr std::array kSignatures = {
    NamedSignature{oid::kMd2WithRsa, KeyAlgorithm::kRsa, "MD2"},
    NamedSignature{oid::kMd5WithRsa, KeyAlgorithm::kRsa, "MD5"},
    NamedSignature{oid::kSha1WithRsa, KeyAlgorithm::kRsa, "SHA-1"},
    NamedSignature{oid::kSha224WithRsa, KeyAlgorithm::kRsa, "SHA-224"},
    NamedSignature{oid::kSha256WithRsa, KeyAlgorithm::kRsa, "SHA-256"},
    NamedSignature{oid::kSha384WithRsa, KeyAlgorithm::kRsa, "SHA-384"},
    NamedSignature{oid::kSha512WithRsa, KeyAlgorithm::kRsa, "SHA-512"},
    NamedSignature{oid::kSha1WithEcdsa, KeyAlgorithm::kEc, "SHA-1"},
    NamedSignature{oid::kSha224WithEcdsa, KeyAlgorithm::kEc, "SHA-224"},
    NamedSignature{oid::kSha256WithEcdsa, KeyAlgorithm::kEc, "SHA-256"},
    NamedSignature{oid::kSha384WithEcdsa, KeyAlgorithm::kEc, "SHA-384"},
    NamedSignature{oid::kSha512WithEcdsa, KeyAlgorithm::kEc, "SHA-512"},
    NamedSignature{oid::kSha1WithDsa, KeyAlgorithm::kDsa, "SHA-1"},
    NamedSignature{oid::kSha256WithDsa, KeyAlgorithm::kDsa, "SHA-256"},
    NamedSignature{oid::kEd25519, KeyAlgorithm::kEd25519, ""},
    NamedSignature{oid::kEd448, KeyAlgorithm::kEd448, ""},
};

struct AlgorithmIdentifier {
  Oid oid;
  std::optional<der::Element> parameters;
};

std::optional<AlgorithmIdentifier> read_algorithm(ByteView whole) {
  der::Reader outer(whole);
  const auto sequence = outer.next(der::kSequence);
  if (!sequence || !outer.at_end()) return std::nullopt;
  der::Reader fields(sequence->content);
  const auto type = fields.next(der::kOid);
  if (!type) return std::nullopt;
  AlgorithmIdentifier algorithm{to_oid(type->content), std::nullopt};
  if (!fields.at_end()) {
    algorithm.parameters = fields.next();
    if (!algorithm.parameters || !fields.at_end()) return std::nullopt;
  }
  return algorithm;
}

// RSASSA-PSS-params of RFC 4055 section 3.1, with its defaults (SHA-1, 20).
struct PssParameters {
  Oid digest = oid::kSha1;
  Oid mask_digest = oid::kSha1;
  int salt_length = 20;
};

std::optional<PssParameters> read_pss(const std::optional<der::Element>& parameters) {
  PssParameters pss;
  if (!parameters) return pss;
  if (parameters->tag != der::kSequence) return std::nullopt;
  der::Reader fields(parameters->content);
  if (const auto digest = fields.next(der::context(0))) {
    const auto algorithm = read_algorithm(digest->content);
    if (!algorithm) return std::nullopt;
    pss.digest = algorithm->oid;
  }
  if (const auto mask = fields.next(der::context(1))) {
    const auto algorithm = read_algorithm(mask->content);
    if (!algorithm || algorithm->oid != oid::kMgf1 || !algorithm->parameters) return std::nullopt;
    const auto inner = read_algorithm(algorithm->parameters->whole);
    if (!inner) return std::nullopt;
    pss.mask_digest = inner->oid;
  }
  if (const auto salt = fields.next(der::context(2))) {
    const auto length = der::Reader(salt->content).next(der::kInteger);
    if (!length || length->content.empty() || length->content.size() > 2 || (length->content[0] & 0x80))
      return std::nullopt;
    pss.salt_length = 0;
    for (std::uint8_t octet : length->content) pss.salt_length = pss.salt_length << 8 | octet;
  }
  if (const auto trailer = fields.next(der::context(3))) {
    const auto field = der::Reader(trailer->content).next(der::kInteger);
    if (!field || field->content.size() != 1 || field->content[0] != 1) return std::nullopt;
  }
  if (!fields.at_end()) return std::nullopt;
  return pss;
}

struct Digest {
  int nid = NID_undef;
  std::array<std::uint8_t, 64> octets{};
  std::size_t size = 0;
};

std::optional<Digest> digest_of(std::string_view name, ByteView message) {
  Digest digest;
  const auto run = [&](int nid, std::size_t size, auto function) {
    function(message.data(), message.size(), digest.octets.data());
    digest.nid = nid;
    digest.size = size;
    return digest;
  };
  const auto with_context = [&]<typename Context>(Context context, auto init, auto update, auto final) {
    return [=](const std::uint8_t* data, std::size_t size, std::uint8_t* out) mutable {
      init(&context);
      update(&context, data, size);
      final(out, &context);
    };
  };
  if (name == "SHA-256")
    return run(NID_sha256, 32, with_context(SHA256_CTX(), SHA256_Init, SHA256_Update, SHA256_Final));
  if (name == "SHA-384")
    return run(NID_sha384, 48, with_context(SHA512_CTX(), SHA384_Init, SHA384_Update, SHA384_Final));
  if (name == "SHA-512")
    return run(NID_sha512, 64, with_context(SHA512_CTX(), SHA512_Init, SHA512_Update, SHA512_Final));
  if (name == "SHA-224")
    return run(NID_sha224, 28, with_context(SHA256_CTX(), SHA224_Init, SHA224_Update, SHA224_Final));
  if (name == "SHA-1") return run(NID_sha1, 20, with_context(SHA_CTX(), SHA1_Init, SHA1_Update, SHA1_Final));
  if (name == "MD5") return run(NID_md5, 16, with_context(MD5_CTX(), MD5_Init, MD5_Update, MD5_Final));
  return std::nullopt;
}

const EVP_MD* evp_digest(Oid oid) {
  if (oid == oid::kSha1) return EVP_sha1();
  if (oid == oid::kSha224) return EVP_sha224();
  if (oid == oid::kSha256) return EVP_sha256();
  if (oid == oid::kSha384) return EVP_sha384();
  if (oid == oid::kSha512) return EVP_sha512();
  return nullptr;
}

int curve_bits(Oid curve) {
  if (curve == oid::kP256 || curve == oid::kSecp256k1) return 256;
  if (curve == oid::kP384) return 384;
  if (curve == oid::kP521) return 521;
  if (curve == oid::kP224) return 224;
  return 0;
}

int bit_length(ByteView integer) {
  while (!integer.empty() && integer[0] == 0) integer = integer.subspan(1);
  return integer.empty() ? 0 : static_cast<int>(8 * (integer.size() - 1) + std::bit_width(unsigned{integer[0]}));
}

struct RsaNumbers {
  ByteView modulus;
  ByteView exponent;
};

std::optional<RsaNumbers> read_rsa(ByteView key) {
  der::Reader outer(key);
  const auto sequence = outer.next(der::kSequence);
  if (!sequence || !outer.at_end()) return std::nullopt;
  der::Reader fields(sequence->content);
  const auto modulus = fields.next(der::kInteger);
  const auto exponent = fields.next(der::kInteger);
  const auto negative = [](ByteView integer) { return integer.empty() || (integer[0] & 0x80) != 0; };
  if (!modulus || !exponent || !fields.at_end() || negative(modulus->content) || negative(exponent->content))
    return std::nullopt;
  return RsaNumbers{modulus->content, exponent->content};
}

RsaPtr decode_rsa(ByteView key) {
  const auto numbers = read_rsa(key);
  if (!numbers || bit_length(numbers->modulus) > kMaxRsaBits) return nullptr;
  RsaPtr rsa(RSA_new());
  BignumPtr n(BN_bin2bn(numbers->modulus.data(), static_cast<int>(numbers->modulus.size()), nullptr));
  BignumPtr e(BN_bin2bn(numbers->exponent.data(), static_cast<int>(numbers->exponent.size()), nullptr));
  if (!rsa || !n || !e || RSA_set0_key(rsa.get(), n.get(), e.get(), nullptr) != 1) return nullptr;
  static_cast<void>(n.release());
  static_cast<void>(e.release());
  return rsa;
}

EcKeyPtr decode_ec(Oid curve, ByteView point) {
  const int nid = OBJ_txt2nid(dotted(curve).c_str());
  EcKeyPtr key(nid == NID_undef ? nullptr : EC_KEY_new_by_curve_name(nid));
  if (!key) return nullptr;
  EcPointPtr decoded(EC_POINT_new(EC_KEY_get0_group(key.get())));
  if (!decoded ||
      EC_POINT_oct2point(EC_KEY_get0_group(key.get()), decoded.get(), point.data(), point.size(), nullptr) != 1 ||
      EC_KEY_set_public_key(key.get(), decoded.get()) != 1) {
    return nullptr;
  }
  return key;
}

}  // namespace

struct PublicKey::Decoded {
  std::once_flag once;
  RsaPtr rsa;
  EcKeyPtr ec;
  EvpKeyPtr edwards;

  const Decoded& of(const PublicKey& key) {
    std::call_once(once, [&] {
      switch (key.algorithm_) {
        case KeyAlgorithm::kRsa:
        case KeyAlgorithm::kRsaPss: rsa = decode_rsa(key.key_bits()); break;
        case KeyAlgorithm::kEc:
          if (!key.explicit_curve_) ec = decode_ec(key.curve_, key.key_bits());
          break;
        case KeyAlgorithm::kEd25519:
        case KeyAlgorithm::kEd448:
          edwards.reset(
              EVP_PKEY_new_raw_public_key(key.algorithm_ == KeyAlgorithm::kEd25519 ? EVP_PKEY_ED25519 : EVP_PKEY_ED448,
                                          nullptr, key.key_bits().data(), key.key_bits().size()));
          break;
        case KeyAlgorithm::kDsa:
        case KeyAlgorithm::kOther: break;
      }
      ERR_clear_error();
    });
    return *this;
  }
};

std::string_view name_of(KeyAlgorithm algorithm) {
  switch (algorithm) {
    case KeyAlgorithm::kRsa: return "RSA";
    case KeyAlgorithm::kRsaPss: return "RSA-PSS";
    case KeyAlgorithm::kEc: return "EC";
    case KeyAlgorithm::kEd25519: return "Ed25519";
    case KeyAlgorithm::kEd448: return "Ed448";
    case KeyAlgorithm::kDsa: return "DSA";
    case KeyAlgorithm::kOther: return "other";
  }
  return "other";
}

std::optional<PublicKey> PublicKey::from_spki(ByteView whole) {
  der::Reader outer(whole);
  const auto sequence = outer.next(der::kSequence);
  if (!sequence || !outer.at_end()) return std::nullopt;
  der::Reader fields(sequence->content);
  const auto algorithm_element = fields.next(der::kSequence);
  const auto bits = fields.next(der::kBitString);
  if (!algorithm_element || !bits || !fields.at_end() || bits->content.empty()) return std::nullopt;
  const auto algorithm = read_algorithm(algorithm_element->whole);
  if (!algorithm) return std::nullopt;

  PublicKey key;
  key.spki_ = std::make_shared<const Bytes>(to_bytes(whole));
  key.key_bits_offset_ = static_cast<std::size_t>(bits->content.data() + 1 - whole.data());
  key.algorithm_oid_ = algorithm->oid;
  key.decoded_ = std::make_shared<Decoded>();
  const ByteView octets = key.key_bits();
  if (algorithm->oid == oid::kRsaEncryption || algorithm->oid == oid::kRsaPss) {
    key.algorithm_ = algorithm->oid == oid::kRsaPss ? KeyAlgorithm::kRsaPss : KeyAlgorithm::kRsa;
    if (const auto numbers = read_rsa(octets)) {
      key.bits_ = bit_length(numbers->modulus);
      if (key.algorithm_ == KeyAlgorithm::kRsaPss && algorithm->parameters) {
        // RFC 8017 section 9.1.1: the encoded message holds digest, salt and two octets.
        const auto pss = read_pss(algorithm->parameters);
        const auto digest = pss ? digest_of(oid_name(pss->digest), {}) : std::nullopt;
        key.impossible_parameters_ = !digest || static_cast<std::size_t>(pss->salt_length) + digest->size + 2 >
                                                    static_cast<std::size_t>(key.bits_) / 8;
      }
      if (bit_length(numbers->exponent) <= 64) {
        for (std::uint8_t octet : numbers->exponent) key.rsa_exponent_ = key.rsa_exponent_ << 8 | octet;
      }
    }
  } else if (algorithm->oid == oid::kEcPublicKey) {
    key.algorithm_ = KeyAlgorithm::kEc;
    if (algorithm->parameters && algorithm->parameters->tag == der::kOid) {
      key.curve_ = to_oid(algorithm->parameters->content);
      key.bits_ = curve_bits(key.curve_);
    } else {
      key.explicit_curve_ = algorithm->parameters && algorithm->parameters->tag == der::kSequence;
    }
  } else if (algorithm->oid == oid::kEd25519 || algorithm->oid == oid::kEd448) {
    key.algorithm_ = algorithm->oid == oid::kEd25519 ? KeyAlgorithm::kEd25519 : KeyAlgorithm::kEd448;
    key.bits_ = algorithm->oid == oid::kEd25519 ? 256 : 456;
  } else if (algorithm->oid == oid::kDsa) {
    key.algorithm_ = KeyAlgorithm::kDsa;
    if (algorithm->parameters && algorithm->parameters->tag == der::kSequence) {
      if (const auto p = der::Reader(algorithm->parameters->content).next(der::kInteger))
        key.bits_ = bit_length(p->content);
    }
  }
  return key;
}

ByteView PublicKey::key_bits() const { return spki().empty() ? ByteView() : spki().subspan(key_bits_offset_); }

std::string PublicKey::text() const {
  switch (algorithm_) {
    case KeyAlgorithm::kEc:
      if (explicit_curve_) return "EC (explicit parameters)";
      return "EC " + (curve_.empty() ? std::string("(no curve)") : oid_name(curve_));
    case KeyAlgorithm::kEd25519:
    case KeyAlgorithm::kEd448: return std::string(name_of(algorithm_));
    case KeyAlgorithm::kOther: return oid_name(algorithm_oid_);
    default: return std::string(name_of(algorithm_)) + " " + std::to_string(bits_);
  }
}

bool PublicKey::importable() const {
  switch (algorithm_) {
    case KeyAlgorithm::kRsa:
    case KeyAlgorithm::kRsaPss: return bits_ > 0 && bits_ <= kMaxRsaBits && !impossible_parameters_;
    case KeyAlgorithm::kEc: return curve_ == oid::kP256 || curve_ == oid::kP384 || curve_ == oid::kP521;
    case KeyAlgorithm::kEd25519:
    case KeyAlgorithm::kEd448: return true;
    case KeyAlgorithm::kDsa:
    case KeyAlgorithm::kOther: return false;
  }
  return false;
}

bool PublicKey::operator==(const PublicKey& other) const {
  if (algorithm_oid_ != other.algorithm_oid_) return false;
  // A curve spelled out has no name to compare; that such certificates are not allowed is for checks to say.
  if (equal(key_bits(), other.key_bits())) return curve_ == other.curve_ || explicit_curve_ || other.explicit_curve_;
  // The same point may be written compressed and uncompressed.
  if (algorithm_ != KeyAlgorithm::kEc || curve_ != other.curve_ || curve_.empty()) return false;
  const Decoded& mine = decoded_->of(*this);
  const Decoded& theirs = other.decoded_->of(other);
  return mine.ec && theirs.ec &&
         EC_POINT_cmp(EC_KEY_get0_group(mine.ec.get()), EC_KEY_get0_public_key(mine.ec.get()),
                      EC_KEY_get0_public_key(theirs.ec.get()), nullptr) == 0;
}

namespace {

SignatureStatus status_of(int result) {
  ERR_clear_error();
  return result == 1 ? SignatureStatus::kGood : SignatureStatus::kBad;
}

SignatureStatus verify_pss(RSA* rsa, const AlgorithmIdentifier& algorithm, ByteView message, ByteView signature) {
  const auto pss = read_pss(algorithm.parameters);
  const EVP_MD* digest = pss ? evp_digest(pss->digest) : nullptr;
  const EVP_MD* mask = pss ? evp_digest(pss->mask_digest) : nullptr;
  if (!digest || !mask) return SignatureStatus::kUnsupported;
  const auto hash = digest_of(oid_name(pss->digest), message);
  if (!hash) return SignatureStatus::kUnsupported;
  Bytes encoded(static_cast<std::size_t>(RSA_size(rsa)));
  if (signature.size() != encoded.size() || RSA_public_decrypt(static_cast<int>(signature.size()), signature.data(),
                                                               encoded.data(), rsa, RSA_NO_PADDING) <= 0) {
    return status_of(0);
  }
  return status_of(RSA_verify_PKCS1_PSS_mgf1(rsa, hash->octets.data(), digest, mask, encoded.data(), pss->salt_length));
}

SignatureStatus verify_edwards(EVP_PKEY* key, ByteView message, ByteView signature) {
  EvpDigestContextPtr context(EVP_MD_CTX_new());
  if (!context || EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key) != 1) return status_of(0);
  return status_of(EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()));
}

}  // namespace

SignatureStatus PublicKey::verify(ByteView algorithm_whole, ByteView message, ByteView signature) const {
  const auto algorithm = read_algorithm(algorithm_whole);
  if (!algorithm || !decoded_) return SignatureStatus::kUnsupported;
  const SignatureAlgorithm known = signature_algorithm(algorithm_whole);
  const Decoded& decoded = decoded_->of(*this);
  if (known.key == KeyAlgorithm::kRsaPss) {
    return decoded.rsa ? verify_pss(decoded.rsa.get(), *algorithm, message, signature) : SignatureStatus::kUnsupported;
  }
  if (known.key != algorithm_)
    return known.key == KeyAlgorithm::kOther ? SignatureStatus::kUnsupported : SignatureStatus::kBad;
  if (decoded.edwards) return verify_edwards(decoded.edwards.get(), message, signature);
  const auto digest = digest_of(known.digest, message);
  if (!digest) return SignatureStatus::kUnsupported;
  const auto size = static_cast<unsigned>(digest->size);
  if (decoded.rsa) {
    return status_of(RSA_verify(digest->nid, digest->octets.data(), size, signature.data(),
                                static_cast<unsigned>(signature.size()), decoded.rsa.get()));
  }
  if (decoded.ec) {
    return status_of(ECDSA_verify(0, digest->octets.data(), static_cast<int>(size), signature.data(),
                                  static_cast<int>(signature.size()), decoded.ec.get()));
  }
  return SignatureStatus::kUnsupported;
}

SignatureAlgorithm signature_algorithm(ByteView whole) {
  const auto algorithm = read_algorithm(whole);
  if (!algorithm) return {"unreadable", "", KeyAlgorithm::kOther};
  if (algorithm->oid == oid::kRsaPss) {
    const auto pss = read_pss(algorithm->parameters);
    const std::string digest = pss ? oid_name(pss->digest) : "";
    return {"RSA-PSS with " + (pss ? digest : std::string("unreadable parameters")), digest, KeyAlgorithm::kRsaPss};
  }
  for (const NamedSignature& named : kSignatures) {
    if (named.oid != algorithm->oid) continue;
    const std::string key = named.key == KeyAlgorithm::kEc ? "ECDSA" : std::string(name_of(named.key));
    const std::string digest(named.digest);
    return {digest.empty() ? key : key + " with " + digest, digest, named.key};
  }
  return {dotted(algorithm->oid), "", KeyAlgorithm::kOther};
}

}  // namespace certferry::x509
