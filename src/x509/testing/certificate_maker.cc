#include "x509/testing/certificate_maker.h"

#include <arpa/inet.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include <fmt/format.h>

#include <map>
#include <mutex>
#include <stdexcept>

namespace certferry::x509::testing {
namespace {

// Tests want a loud stop, not a Result: a certificate that cannot be made is a mistake in the test.
void require(bool ok, std::string_view what) {
  if (!ok) throw std::runtime_error("certificate_maker: " + std::string(what));
}

Bytes concat(const std::vector<Bytes>& parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Bytes der_oid(std::string_view dotted) {
  std::string content = oid_from_dotted(dotted);
  require(!content.empty(), fmt::format("no object identifier: {}", dotted));
  return der_element(0x06, as_bytes(content));
}

Bytes der_boolean(bool value) { return {0x01, 0x01, static_cast<std::uint8_t>(value ? 0xff : 0x00)}; }

// RFC 5280 section 4.1.2.5: UTCTime through 2049.
Bytes der_time(Time time) {
  auto day = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day date(day);
  std::chrono::hh_mm_ss clock(time - day);
  int year = static_cast<int>(date.year());
  bool utc = year >= 1950 && year < 2050;
  std::string text = fmt::format("{:0{}}{:02}{:02}{:02}{:02}{:02}Z", utc ? year % 100 : year, utc ? 2 : 4,
                                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                 clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  return der_element(utc ? 0x17 : 0x18, as_bytes(text));
}

std::string attribute_oid(const std::string& name) {
  static const std::map<std::string, std::string> kNames = {{"CN", "2.5.4.3"},
                                                            {"C", "2.5.4.6"},
                                                            {"L", "2.5.4.7"},
                                                            {"ST", "2.5.4.8"},
                                                            {"O", "2.5.4.10"},
                                                            {"OU", "2.5.4.11"},
                                                            {"serialNumber", "2.5.4.5"},
                                                            {"DC", "0.9.2342.19200300.100.1.25"},
                                                            {"emailAddress", "1.2.840.113549.1.9.1"}};
  auto found = kNames.find(name);
  return found == kNames.end() ? name : found->second;
}

Bytes alt_name(const std::string& name) {
  auto rest = [&](std::string_view prefix) -> std::optional<std::string> {
    if (!name.starts_with(prefix)) return std::nullopt;
    return name.substr(prefix.size());
  };
  if (auto email = rest("email:")) return der_element(0x81, as_bytes(*email));
  if (auto uri = rest("URI:")) return der_element(0x86, as_bytes(*uri));
  if (auto directory = rest("dirName:")) return der_element(0xa4, der_name({{"CN", *directory}}));
  if (auto ip = rest("IP:")) {
    Bytes address(16);
    if (inet_pton(AF_INET, ip->c_str(), address.data()) == 1) {
      address.resize(4);
    } else {
      require(inet_pton(AF_INET6, ip->c_str(), address.data()) == 1, "no IP address: " + *ip);
    }
    return der_element(0x87, address);
  }
  return der_element(0x82, as_bytes(rest("DNS:").value_or(name)));
}

Bytes extended_key_usage(const std::vector<std::string>& usages) {
  static const std::map<std::string, std::string> kNames = {{"serverAuth", "1.3.6.1.5.5.7.3.1"},
                                                            {"clientAuth", "1.3.6.1.5.5.7.3.2"},
                                                            {"codeSigning", "1.3.6.1.5.5.7.3.3"},
                                                            {"emailProtection", "1.3.6.1.5.5.7.3.4"},
                                                            {"timeStamping", "1.3.6.1.5.5.7.3.8"},
                                                            {"OCSPSigning", "1.3.6.1.5.5.7.3.9"},
                                                            {"any", "2.5.29.37.0"}};
  std::vector<Bytes> oids;
  for (const std::string& usage : usages) {
    auto found = kNames.find(usage);
    oids.push_back(der_oid(found == kNames.end() ? usage : found->second));
  }
  return der_sequence(oids);
}

// A named-bit list: bit 0 is the highest of the first octet, trailing zero bits are left out.
Bytes key_usage_bits(std::uint16_t usage) {
  std::uint8_t octets[2] = {0, 0};
  int last = -1;
  for (int bit = 0; bit < 9; ++bit) {
    if ((usage >> bit & 1) == 0) continue;
    octets[bit / 8] = static_cast<std::uint8_t>(octets[bit / 8] | 0x80 >> bit % 8);
    last = bit;
  }
  Bytes content = {static_cast<std::uint8_t>(last < 0 ? 0 : 7 - last % 8)};
  for (int i = 0; i <= last / 8 && last >= 0; ++i) content.push_back(octets[i]);
  return der_element(0x03, content);
}

// The subjectPublicKey octets' SHA-1 (RFC 5280 section 4.2.1.2).
Bytes key_id(const Bytes& spki) {
  const unsigned char* at = spki.data();
  std::unique_ptr<X509_PUBKEY, decltype(&X509_PUBKEY_free)> key(
      d2i_X509_PUBKEY(nullptr, &at, static_cast<long>(spki.size())), X509_PUBKEY_free);
  Bytes digest(SHA_DIGEST_LENGTH);
  const unsigned char* octets = spki.data();
  int size = static_cast<int>(spki.size());
  if (key) X509_PUBKEY_get0_param(nullptr, &octets, &size, nullptr, key.get());
  SHA1(octets, static_cast<std::size_t>(size), digest.data());
  return digest;
}

Bytes extension(const RawExtension& raw) {
  std::vector<Bytes> fields = {der_oid(raw.oid)};
  if (raw.critical) fields.push_back(der_boolean(true));
  fields.push_back(der_element(0x04, raw.value));
  return der_sequence(fields);
}

std::vector<Bytes> extensions(const CertificateSpec& spec, const Bytes& spki, const MadeCertificate* issuer) {
  std::vector<Bytes> all;
  auto add = [&](const char* oid, Bytes value, bool critical = false) {
    all.push_back(extension({oid, std::move(value), critical}));
  };
  if (spec.ca) {
    std::vector<Bytes> fields;
    if (*spec.ca) fields.push_back(der_boolean(true));
    if (spec.path_length) fields.push_back(Bytes{0x02, 0x01, static_cast<std::uint8_t>(*spec.path_length)});
    add("2.5.29.19", der_sequence(fields), true);
  }
  if (spec.key_usage) add("2.5.29.15", key_usage_bits(*spec.key_usage), true);
  if (!spec.extended_key_usage.empty()) add("2.5.29.37", extended_key_usage(spec.extended_key_usage));
  if (spec.key_identifiers) {
    add("2.5.29.14", der_element(0x04, key_id(spki)));
    if (issuer) add("2.5.29.35", der_sequence({der_element(0x80, key_id(issuer->key.spki()))}));
  }
  if (!spec.names.empty()) {
    std::vector<Bytes> names;
    for (const std::string& name : spec.names) names.push_back(alt_name(name));
    add("2.5.29.17", der_sequence(names), spec.names_critical);
  }
  for (const RawExtension& raw : spec.extensions) all.push_back(extension(raw));
  return all;
}

EVP_PKEY* generate(KeyKind kind) {
  auto ec = [](const char* curve) { return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve); };
  auto rsa = [](std::size_t bits) { return EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits); };
  switch (kind) {
    case KeyKind::kRsa1024: return rsa(1024);
    case KeyKind::kRsa2048: return rsa(2048);
    case KeyKind::kRsa3072: return rsa(3072);
    case KeyKind::kRsaPss2048: {
      EVP_PKEY* key = nullptr;
      std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
          EVP_PKEY_CTX_new_from_name(nullptr, "RSA-PSS", nullptr), EVP_PKEY_CTX_free);
      require(context && EVP_PKEY_keygen_init(context.get()) == 1 &&
                  EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), 2048) == 1,
              "RSA-PSS");
      EVP_PKEY_generate(context.get(), &key);
      return key;
    }
    case KeyKind::kP224: return ec("P-224");
    case KeyKind::kP256: return ec("P-256");
    case KeyKind::kP384: return ec("P-384");
    case KeyKind::kP521: return ec("P-521");
    case KeyKind::kSecp256k1: return ec("secp256k1");
    case KeyKind::kP256Explicit: {
      EVP_PKEY* key = ec("P-256");
      require(key && EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, "explicit") == 1, "explicit");
      return key;
    }
    case KeyKind::kEd25519: return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    case KeyKind::kEd448: return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED448");
  }
  return nullptr;
}

using DigestContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

DigestContext signer(evp_pkey_st* key, KeyKind kind, std::string_view digest, EVP_PKEY_CTX** parameters) {
  DigestContext context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  bool own_digest = kind == KeyKind::kEd25519 || kind == KeyKind::kEd448;
  std::string name(digest);
  require(EVP_DigestSignInit_ex(context.get(), parameters, own_digest ? nullptr : name.c_str(), nullptr, nullptr, key,
                                nullptr) == 1,
          "cannot sign with " + name);
  return context;
}

template <typename F>
Bytes encoded(const F& i2d) {
  unsigned char* octets = nullptr;
  int size = i2d(&octets);
  require(size > 0, "cannot encode a key");
  Bytes bytes(octets, octets + size);
  OPENSSL_free(octets);
  return bytes;
}

}  // namespace

TestKey TestKey::named(std::string_view label, KeyKind kind) {
  static std::mutex mutex;
  static std::map<std::pair<KeyKind, std::string>, TestKey> keys;
  std::scoped_lock lock(mutex);
  TestKey& key = keys[{kind, std::string(label)}];
  if (!key.key_) {
    key.kind_ = kind;
    key.key_ = std::shared_ptr<EVP_PKEY>(generate(kind), EVP_PKEY_free);
    require(key.key_ != nullptr, "cannot generate a key");
  }
  return key;
}

Bytes TestKey::pkcs8() const {
  std::unique_ptr<PKCS8_PRIV_KEY_INFO, decltype(&PKCS8_PRIV_KEY_INFO_free)> info(EVP_PKEY2PKCS8(key_.get()),
                                                                                 PKCS8_PRIV_KEY_INFO_free);
  return encoded([&](unsigned char** out) { return i2d_PKCS8_PRIV_KEY_INFO(info.get(), out); });
}

Bytes TestKey::spki() const {
  return encoded([&](unsigned char** out) { return i2d_PUBKEY(key_.get(), out); });
}

Bytes TestKey::sign(ByteView message, std::string_view digest) const {
  DigestContext context = signer(key_.get(), kind_, digest, nullptr);
  std::size_t size = 0;
  require(EVP_DigestSign(context.get(), nullptr, &size, message.data(), message.size()) == 1, "sign");
  Bytes signature(size);
  require(EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) == 1, "sign");
  signature.resize(size);
  return signature;
}

Bytes TestKey::signature_algorithm(std::string_view digest) const {
  EVP_PKEY_CTX* parameters = nullptr;
  DigestContext context = signer(key_.get(), kind_, digest, &parameters);
  Bytes identifier(256);
  OSSL_PARAM wanted[] = {
      OSSL_PARAM_construct_octet_string(OSSL_SIGNATURE_PARAM_ALGORITHM_ID, identifier.data(), identifier.size()),
      OSSL_PARAM_construct_end()};
  require(EVP_PKEY_CTX_get_params(parameters, wanted) == 1 && OSSL_PARAM_modified(wanted), "algorithm identifier");
  identifier.resize(wanted[0].return_size);
  return identifier;
}

Bytes der_element(std::uint8_t tag, ByteView content) {
  Bytes element = {tag};
  if (content.size() < 0x80) {
    element.push_back(static_cast<std::uint8_t>(content.size()));
  } else {
    Bytes length;
    for (std::size_t rest = content.size(); rest > 0; rest >>= 8) {
      length.insert(length.begin(), static_cast<std::uint8_t>(rest));
    }
    element.push_back(static_cast<std::uint8_t>(0x80 | length.size()));
    element.insert(element.end(), length.begin(), length.end());
  }
  element.insert(element.end(), content.begin(), content.end());
  return element;
}

Bytes der_sequence(const std::vector<Bytes>& elements, std::uint8_t tag) { return der_element(tag, concat(elements)); }

Bytes der_name(const NameSpec& name) {
  std::vector<Bytes> rdns;
  for (const auto& [attribute, value] : name) {
    std::uint8_t tag = attribute == "C" ? 0x13 : attribute == "DC" || attribute == "emailAddress" ? 0x16 : 0x0c;
    rdns.push_back(
        der_sequence({der_sequence({der_oid(attribute_oid(attribute)), der_element(tag, as_bytes(value))})}, 0x31));
  }
  return der_sequence(rdns);
}

MadeCertificate make_certificate(const CertificateSpec& spec, const MadeCertificate* issuer) {
  MadeCertificate made;
  made.subject = der_name(spec.subject);
  made.key = spec.key ? *spec.key : TestKey::named(hex_lower(made.subject), spec.key_kind);
  const TestKey& signing_key = issuer ? issuer->key : made.key;
  Bytes spki = spec.spki.value_or(made.key.spki());
  Bytes algorithm = signing_key.signature_algorithm(spec.digest);
  Bytes issuer_name = spec.issuer ? der_name(*spec.issuer) : issuer ? issuer->subject : made.subject;

  std::vector<Bytes> fields;
  if (spec.version > 1) {
    fields.push_back(der_element(0xa0, Bytes{0x02, 0x01, static_cast<std::uint8_t>(spec.version - 1)}));
  }
  fields.push_back(der_element(0x02, spec.serial));
  fields.push_back(algorithm);
  fields.push_back(issuer_name);
  fields.push_back(der_sequence({der_time(spec.not_before), der_time(spec.not_after)}));
  fields.push_back(made.subject);
  fields.push_back(spki);
  if (std::vector<Bytes> all = extensions(spec, spki, issuer); !all.empty() && spec.version == 3) {
    fields.push_back(der_element(0xa3, der_sequence(all)));
  }
  Bytes tbs = der_sequence(fields);
  Bytes signature = signing_key.sign(tbs, spec.digest);
  signature.insert(signature.begin(), 0x00);
  made.der = der_sequence({tbs, algorithm, der_element(0x03, signature)});
  return made;
}

MadeCertificate make_root(std::string_view common_name, KeyKind kind) {
  return make_certificate({.subject = {{"CN", std::string(common_name)}},
                           .key_usage = kKeyCertSign | kCrlSign,
                           .ca = true,
                           .not_before = std::chrono::sys_days(std::chrono::year(2020) / 1 / 1),
                           .not_after = std::chrono::sys_days(std::chrono::year(2040) / 1 / 1),
                           .key_kind = kind});
}

MadeCertificate make_intermediate(std::string_view common_name, const MadeCertificate& issuer, KeyKind kind) {
  return make_certificate({.subject = {{"CN", std::string(common_name)}},
                           .key_usage = kKeyCertSign | kCrlSign,
                           .ca = true,
                           .not_before = std::chrono::sys_days(std::chrono::year(2024) / 1 / 1),
                           .not_after = std::chrono::sys_days(std::chrono::year(2034) / 1 / 1),
                           .key_kind = kind},
                          &issuer);
}

CertificateSpec server_spec(std::vector<std::string> names) {
  CertificateSpec spec;
  if (!names.empty()) spec.subject = {{"CN", names.front()}};
  spec.names = std::move(names);
  spec.extended_key_usage = {"serverAuth"};
  spec.key_usage = kDigitalSignature;
  spec.ca = false;
  return spec;
}

Certificate MadeCertificate::certificate() const {
  Result<Certificate> parsed = Certificate::from_der(der);
  if (!parsed) throw std::runtime_error("certificate_maker: " + parsed.error().message);
  return *parsed;
}

std::string MadeCertificate::pem() const {
  std::string text = "-----BEGIN CERTIFICATE-----\n";
  std::string encoded_der = base64(der);
  for (std::size_t i = 0; i < encoded_der.size(); i += 64) text += encoded_der.substr(i, 64) + "\n";
  return text + "-----END CERTIFICATE-----\n";
}

}  // namespace certferry::x509::testing
