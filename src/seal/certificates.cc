#include "seal/certificates.h"

#include <arpa/inet.h>
#include <openssl/rand.h>

#include <algorithm>
#include <optional>

#include "fleet/scope.h"
#include "seal/key_error.h"
#include "seal/keys.h"
#include "x509/der.h"
#include "x509/der_writer.h"
#include "x509/digest.h"

namespace certferry::seal {
namespace {

using der::element;

constexpr std::uint8_t kVersion3[] = {der::kInteger, 1, 2};
constexpr std::uint8_t kTrue[] = {der::kBoolean, 1, 0xff};
constexpr std::size_t kSerialOctets = 16;
constexpr std::size_t kKeyIdOctets = 20;

std::unexpected<Error> cannot_say(std::string why) {
  return fail(ErrorKind::kUsage, "CF2230", "a certificate of the fleet cannot be made: " + why,
              "name the computer by a host name or an IP address, and let the certificate begin before it ends");
}

Bytes sequence(std::initializer_list<ByteView> parts) { return element(der::kSequence, parts); }

Bytes oid(x509::Oid content) { return element(der::kOid, {as_bytes(content)}); }

Bytes signature_algorithm() { return sequence({oid(x509::oid::kSha256WithEcdsa)}); }

Bytes common_name(std::string_view text) {
  const Bytes attribute = sequence({oid(x509::oid::kCommonName), element(der::kUtf8String, {as_bytes(text)})});
  return sequence({element(der::kSet, {attribute})});
}

// RFC 5280 section 4.1.2.5: UTCTime until 2049, GeneralizedTime after.
std::optional<Bytes> time(Time when) {
  std::string digits;
  for (const char c : rfc3339(when)) {
    if (c != '-' && c != ':' && c != 'T') digits += c;
  }
  if (digits.size() != std::string_view("20261124000000Z").size() || digits < "1950") return std::nullopt;
  if (digits < "2050") return element(der::kUtcTime, {as_bytes(digits).subspan(2)});
  return element(der::kGeneralizedTime, {as_bytes(digits)});
}

// RFC 7093 section 2, method 1: as good a name for the key as SHA-1's, without SHA-1.
Bytes key_identifier(const x509::PublicKey& key) {
  return to_bytes(ByteView(x509::sha256(key.key_bits())).first(kKeyIdOctets));
}

Bytes extension(x509::Oid id, bool critical, ByteView value) {
  return sequence({oid(id), critical ? ByteView(kTrue) : ByteView(), element(der::kOctetString, {value})});
}

// KeyUsage with one bit.
Bytes key_usage(x509::KeyUsageBit bit) {
  std::uint8_t unused = 7;
  std::uint8_t octet = 0x80;
  for (unsigned rest = bit; rest > 1; rest >>= 1, octet >>= 1) --unused;
  const std::uint8_t content[] = {unused, octet};
  return extension(x509::oid::kKeyUsage, true, element(der::kBitString, {content}));
}

Bytes basic_constraints(bool ca) {
  constexpr std::uint8_t kNoneBelow[] = {der::kInteger, 1, 0};
  return extension(x509::oid::kBasicConstraints, true, ca ? sequence({kTrue, kNoneBelow}) : sequence({}));
}

Bytes extended_key_usage(x509::Oid usage) {
  return extension(x509::oid::kExtendedKeyUsage, false, sequence({oid(usage)}));
}

Bytes subject_key(const x509::PublicKey& key) {
  return extension(x509::oid::kSubjectKeyIdentifier, false, element(der::kOctetString, {key_identifier(key)}));
}

Bytes authority_key(ByteView identifier) {
  return extension(x509::oid::kAuthorityKeyIdentifier, false, sequence({element(0x80, {identifier})}));
}

Result<Bytes> general_name(const std::string& name) {
  std::uint8_t address[sizeof(in6_addr)];
  const auto tag = [](x509::GeneralName::Kind kind) {
    return static_cast<std::uint8_t>(0x80 | static_cast<int>(kind));
  };
  if (inet_pton(AF_INET, name.c_str(), address) == 1)
    return element(tag(x509::GeneralName::Kind::kIp), {ByteView(address).first(sizeof(in_addr))});
  if (inet_pton(AF_INET6, name.c_str(), address) == 1) return element(tag(x509::GeneralName::Kind::kIp), {address});
  const auto host = fleet::parse_fqdn(name);
  if (!host) return cannot_say(host.error().message);
  return element(tag(x509::GeneralName::Kind::kDns), {as_bytes(*host)});
}

Result<Bytes> alternative_names(std::span<const std::string> names) {
  if (names.empty()) return cannot_say("no name is given");
  Bytes all;
  for (const std::string& name : names) {
    CERTFERRY_ASSIGN(const Bytes one, general_name(name));
    all.insert(all.end(), one.begin(), one.end());
  }
  return extension(x509::oid::kSubjectAltName, false, sequence({all}));
}

// What differs between the three.
struct Plan {
  Bytes issuer;   // Name
  Bytes subject;  // Name
  Validity validity;
  Bytes extensions;  // one after the other
};

Result<x509::Certificate> sign_certificate(const Plan& plan, const x509::PublicKey& subject, KeyRef signer) {
  const auto begin = time(plan.validity.not_before), end = time(plan.validity.not_after);
  if (!begin || !end || plan.validity.not_after < plan.validity.not_before)
    return cannot_say("it would not be valid at any time");
  Bytes serial(kSerialOctets);
  if (RAND_bytes(serial.data(), kSerialOctets) != 1) return openssl_failed();
  serial[0] = static_cast<std::uint8_t>((serial[0] & 0x3f) | 0x40);  // positive, and in its shortest form
  const Bytes algorithm = signature_algorithm();
  const Bytes tbs = sequence({element(der::context(0), {kVersion3}), element(der::kInteger, {serial}), algorithm,
                              plan.issuer, sequence({*begin, *end}), plan.subject, subject.spki(),
                              element(der::context(3), {sequence({plan.extensions})})});
  CERTFERRY_ASSIGN(const Bytes signature, signer.sign(tbs));
  return x509::Certificate::from_der(sequence({tbs, algorithm, der::bit_string(signature)}));
}

Bytes joined(std::initializer_list<ByteView> parts) {
  Bytes all;
  for (const ByteView part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace

Result<x509::Certificate> make_ca(KeyRef root, const Validity& validity) {
  return make_anchor(root.public_key(), root, validity);
}

Result<x509::Certificate> make_anchor(const x509::PublicKey& key, KeyRef any, const Validity& validity) {
  const Bytes name = common_name("certferry fleet " + fingerprint(key.spki()).substr(0, 16));
  return sign_certificate(
      {name, name, validity, joined({basic_constraints(true), key_usage(x509::kKeyCertSign), subject_key(key)})}, key,
      any);
}

Result<ClientIdentity> make_identity(KeyRef identity, std::string_view fqdn, const Validity& validity) {
  const std::string names[] = {std::string(fqdn)};
  CERTFERRY_ASSIGN(const Bytes alternative, alternative_names(names));
  CERTFERRY_ASSIGN(const x509::PrivateKey own, make_key());
  // A host name may be longer than a common name (64 characters), so it stands in the alternative names alone.
  const Bytes name = common_name("certferry computer");
  CERTFERRY_ASSIGN(const x509::Certificate issuer,
                   sign_certificate({name, name, validity,
                                     joined({basic_constraints(true), key_usage(x509::kKeyCertSign), alternative})},
                                    identity.public_key(), identity));
  CERTFERRY_ASSIGN(const x509::Certificate shown,
                   sign_certificate({name, common_name("certferry connection"), validity,
                                     joined({basic_constraints(false), key_usage(x509::kDigitalSignature),
                                             extended_key_usage(x509::oid::kClientAuth), alternative})},
                                    own.public_key(), identity));
  return ClientIdentity{shown.pem() + issuer.pem(), own.pem()};
}

std::optional<Bytes> identity_behind(const x509::Certificate& shown, const x509::Certificate& issuer) {
  const x509::PublicKey& key = issuer->public_key;
  if (key.verify(shown->signature_algorithm, shown->tbs, shown->signature) != x509::SignatureStatus::kGood)
    return std::nullopt;
  return to_bytes(key.spki());
}

Result<x509::Certificate> issue_server(KeyRef root, const x509::Certificate& ca, const x509::PublicKey& server,
                                       std::span<const std::string> names, const Validity& validity) {
  if (!(ca->public_key == root.public_key()) || !ca->subject_key_id)
    return cannot_say("the CA certificate is not the fleet's");
  CERTFERRY_TRY(point_of(server));
  CERTFERRY_ASSIGN(const Bytes alternative, alternative_names(names));
  const Validity within{std::max(validity.not_before, ca->not_before), std::min(validity.not_after, ca->not_after)};
  return sign_certificate(
      {to_bytes(ca->subject.der()), common_name("certferry relay"), within,
       joined({basic_constraints(false), key_usage(x509::kDigitalSignature), extended_key_usage(x509::oid::kServerAuth),
               alternative, subject_key(server), authority_key(*ca->subject_key_id)})},
      server, root);
}

}  // namespace certferry::seal
