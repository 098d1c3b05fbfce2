#include "seal/device/pkcs11_key.h"

#include <openssl/rand.h>

#include <array>
#include <mutex>

#include "base/escape.h"
#include "seal/device/device_error.h"
#include "seal/device/pkcs11_session.h"
#include "seal/key_error.h"
#include "seal/keys.h"
#include "seal/p256.h"
#include "x509/der.h"
#include "x509/der_writer.h"
#include "x509/digest.h"

namespace certferry::seal {
namespace {

constexpr std::size_t kIdOctets = 16;
// OID of prime256v1: CKA_EC_PARAMS.
constexpr std::uint8_t kP256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};

// PKCS #11 has no const: what is only read is given as if it might be written.
CK_ATTRIBUTE attribute(CK_ATTRIBUTE_TYPE type, ByteView value) {
  return {type, const_cast<std::uint8_t*>(value.data()), value.size()};
}
template <typename T>
CK_ATTRIBUTE number(CK_ATTRIBUTE_TYPE type, const T& value) {
  return {type, const_cast<T*>(&value), sizeof value};
}

constexpr CK_BBOOL kYes = CK_TRUE, kNo = CK_FALSE;
constexpr CK_OBJECT_CLASS kPrivate = CKO_PRIVATE_KEY, kPublic = CKO_PUBLIC_KEY, kSecret = CKO_SECRET_KEY;
constexpr CK_KEY_TYPE kEc = CKK_EC, kGeneric = CKK_GENERIC_SECRET;

// INTEGER of a positive number, big-endian.
Bytes integer(ByteView number) {
  while (number.size() > 1 && number[0] == 0) number = number.subspan(1);
  constexpr std::uint8_t kZero[] = {0};
  return der::element(der::kInteger, {number[0] & 0x80 ? ByteView(kZero) : ByteView(), number});
}

Result<x509::PublicKey> read_point(const Pkcs11Session& session, CK_OBJECT_HANDLE object) {
  std::array<std::uint8_t, 128> point{}, curve{};
  CK_ATTRIBUTE wanted[] = {{CKA_EC_POINT, point.data(), point.size()}, {CKA_EC_PARAMS, curve.data(), curve.size()}};
  const CK_RV code = session.module().C_GetAttributeValue(session.handle(), object, wanted, 2);
  if (code != CKR_OK) return device_failed("tell its public key", p11_kit_strerror(code));
  if (!equal(ByteView(curve).first(wanted[1].ulValueLen), kP256)) return no_private_key();
  // An OCTET STRING by the standard; some modules leave its header out.
  ByteView octets = ByteView(point).first(wanted[0].ulValueLen);
  if (octets.size() == kPointOctets + 2 && octets[0] == der::kOctetString && octets[1] == kPointOctets)
    octets = octets.subspan(2);
  return key_at(octets);
}

class Pkcs11Key final : public DeviceKey {
 public:
  Pkcs11Key(std::unique_ptr<Pkcs11Session> session, CK_OBJECT_HANDLE key, x509::PublicKey public_key)
      : session_(std::move(session)), key_(key), public_key_(std::move(public_key)) {}

  const x509::PublicKey& public_key() const override { return public_key_; }

  Result<Bytes> sign(ByteView message) const override {
    const std::scoped_lock lock(mutex_);
    Bytes digest = to_bytes(x509::sha256(message));
    CK_MECHANISM mechanism{CKM_ECDSA, nullptr, 0};
    CK_FUNCTION_LIST& module = session_->module();
    Bytes pair(2 * kScalarOctets);
    CK_ULONG size = pair.size();
    CK_RV code = module.C_SignInit(session_->handle(), &mechanism, key_);
    if (code == CKR_OK) code = module.C_Sign(session_->handle(), digest.data(), digest.size(), pair.data(), &size);
    if (code != CKR_OK) return device_failed("sign", p11_kit_strerror(code));
    if (size != pair.size()) return device_failed("sign", "its signature is not one of P-256");
    const ByteView numbers(pair);
    return der::element(der::kSequence, {integer(numbers.first(kScalarOctets)), integer(numbers.last(kScalarOctets))});
  }

  Result<Secret> diffie_hellman(ByteView point) const override {
    if (!is_point(point)) return no_public_key();
    const std::scoped_lock lock(mutex_);
    CK_FUNCTION_LIST& module = session_->module();
    CK_ECDH1_DERIVE_PARAMS with{CKD_NULL, 0, nullptr, point.size(), const_cast<std::uint8_t*>(point.data())};
    CK_MECHANISM mechanism{CKM_ECDH1_DERIVE, &with, sizeof with};
    const CK_ULONG length = kScalarOctets;
    CK_ATTRIBUTE wanted[] = {number(CKA_CLASS, kSecret), number(CKA_KEY_TYPE, kGeneric), number(CKA_TOKEN, kNo),
                             number(CKA_SENSITIVE, kNo), number(CKA_EXTRACTABLE, kYes),  number(CKA_VALUE_LEN, length)};
    CK_OBJECT_HANDLE derived = CK_INVALID_HANDLE;
    CK_RV code = module.C_DeriveKey(session_->handle(), &mechanism, key_, wanted, std::size(wanted), &derived);
    if (code != CKR_OK) return device_failed("open what is sealed to it", p11_kit_strerror(code));
    Bytes shared(kScalarOctets);
    CK_ATTRIBUTE value{CKA_VALUE, shared.data(), shared.size()};
    code = module.C_GetAttributeValue(session_->handle(), derived, &value, 1);
    module.C_DestroyObject(session_->handle(), derived);
    Secret held(std::move(shared));
    if (code != CKR_OK) return device_failed("open what is sealed to it", p11_kit_strerror(code));
    if (value.ulValueLen != kScalarOctets) return device_failed("open what is sealed to it", "it gave too little");
    return held;
  }

 private:
  mutable std::mutex mutex_;  // a session does one thing at a time
  std::unique_ptr<Pkcs11Session> session_;
  CK_OBJECT_HANDLE key_;
  x509::PublicKey public_key_;
};

}  // namespace

Result<std::unique_ptr<DeviceKey>> open_pkcs11_key(std::string_view uri, const DeviceAccess& access) {
  CERTFERRY_ASSIGN(const UriPtr parsed, parse_uri(uri));
  CERTFERRY_ASSIGN(std::unique_ptr<Pkcs11Session> session, Pkcs11Session::open(parsed.get(), false, access));
  std::vector<CK_ATTRIBUTE> named;
  for (const CK_ATTRIBUTE_TYPE type : {CKA_LABEL, CKA_ID}) {
    if (const CK_ATTRIBUTE* const given = p11_kit_uri_get_attribute(parsed.get(), type)) named.push_back(*given);
  }
  const auto one = [&](const CK_OBJECT_CLASS& kind) -> Result<CK_OBJECT_HANDLE> {
    std::vector<CK_ATTRIBUTE> wanted = named;
    wanted.push_back(number(CKA_CLASS, kind));
    CERTFERRY_ASSIGN(const std::vector<CK_OBJECT_HANDLE> found, session->find(std::move(wanted)));
    if (found.size() == 1) return found[0];
    return no_device(session->name() + " has " + (found.empty() ? "no" : "more than one") + " such key");
  };
  CERTFERRY_ASSIGN(const CK_OBJECT_HANDLE key, one(kPrivate));
  CERTFERRY_ASSIGN(const CK_OBJECT_HANDLE beside, one(kPublic));
  CERTFERRY_ASSIGN(x509::PublicKey public_key, read_point(*session, beside));
  return std::unique_ptr<DeviceKey>(std::make_unique<Pkcs11Key>(std::move(session), key, std::move(public_key)));
}

Result<std::string> make_pkcs11_key(std::string_view place, const std::string& label, DevicePurpose purpose,
                                    const DeviceAccess& access) {
  CERTFERRY_ASSIGN(const UriPtr uri, parse_uri(place));
  if (p11_kit_uri_get_attribute(uri.get(), CKA_LABEL) || p11_kit_uri_get_attribute(uri.get(), CKA_ID))
    return no_such_place(escape_terminal(place), "it names a key, not a token to make keys in");
  CERTFERRY_ASSIGN(const std::unique_ptr<Pkcs11Session> session, Pkcs11Session::open(uri.get(), true, access));
  Bytes id(kIdOctets);
  if (RAND_bytes(id.data(), kIdOctets) != 1) return openssl_failed();
  const CK_BBOOL signs = purpose == DevicePurpose::kSign ? kYes : kNo,
                 agrees = purpose == DevicePurpose::kAgree ? kYes : kNo;
  CK_ATTRIBUTE public_part[] = {number(CKA_CLASS, kPublic),
                                number(CKA_KEY_TYPE, kEc),
                                number(CKA_TOKEN, kYes),
                                attribute(CKA_EC_PARAMS, kP256),
                                attribute(CKA_LABEL, as_bytes(label)),
                                attribute(CKA_ID, id),
                                number(CKA_VERIFY, signs)};
  CK_ATTRIBUTE private_part[] = {number(CKA_CLASS, kPrivate),
                                 number(CKA_KEY_TYPE, kEc),
                                 number(CKA_TOKEN, kYes),
                                 number(CKA_PRIVATE, kYes),
                                 number(CKA_SENSITIVE, kYes),
                                 number(CKA_EXTRACTABLE, kNo),
                                 attribute(CKA_LABEL, as_bytes(label)),
                                 attribute(CKA_ID, id),
                                 number(CKA_SIGN, signs),
                                 number(CKA_DERIVE, agrees)};
  CK_MECHANISM mechanism{CKM_EC_KEY_PAIR_GEN, nullptr, 0};
  CK_OBJECT_HANDLE public_key = CK_INVALID_HANDLE, private_key = CK_INVALID_HANDLE;
  const CK_RV code =
      session->module().C_GenerateKeyPair(session->handle(), &mechanism, public_part, std::size(public_part),
                                          private_part, std::size(private_part), &public_key, &private_key);
  if (code != CKR_OK) return device_failed("make a key", p11_kit_strerror(code));
  CK_ATTRIBUTE name = attribute(CKA_LABEL, as_bytes(label)), number_of = attribute(CKA_ID, id);
  p11_kit_uri_set_attribute(uri.get(), &name);
  p11_kit_uri_set_attribute(uri.get(), &number_of);
  char* text = nullptr;
  if (p11_kit_uri_format(uri.get(), P11_KIT_URI_FOR_ANY, &text) != P11_KIT_URI_OK)
    return device_failed("make a key", "its URI cannot be written");
  const std::unique_ptr<char, decltype([](char* chars) { std::free(chars); })> held(text);
  return std::string(text);
}

}  // namespace certferry::seal
