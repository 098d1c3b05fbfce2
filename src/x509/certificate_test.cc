#include "x509/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "x509/private_key.h"
#include "x509/testing/certificate_maker.h"

namespace certferry::x509 {
namespace {

using testing::CertificateSpec;
using ::testing::ElementsAre;
using testing::KeyKind;
using testing::MadeCertificate;
using testing::make_certificate;
using testing::TestKey;

TEST(Certificate, ShowsWhatItSays) {
  const MadeCertificate root = testing::make_root("Litware Root");
  CertificateSpec spec = testing::server_spec({"web.litwareinc.com", "*.litwareinc.com"});
  spec.subject = {{"C", "US"}, {"O", "Litware, Inc."}, {"CN", "web.litwareinc.com"}};
  spec.names.push_back("IP:192.0.2.1");
  const Certificate certificate = make_certificate(spec, &root).certificate();
  EXPECT_EQ(certificate->subject.text(), "CN=web.litwareinc.com, O=\"Litware, Inc.\", C=US");
  EXPECT_EQ(certificate->issuer, root.certificate()->subject);
  EXPECT_THAT(certificate.names(), ElementsAre("web.litwareinc.com", "*.litwareinc.com", "192.0.2.1"));
  EXPECT_EQ(certificate->version, 3);
  EXPECT_EQ(certificate.serial_hex(), "5A0102030405060708");
  EXPECT_THAT(*certificate->extended_key_usage, ElementsAre(oid::kServerAuth));
  EXPECT_EQ(*certificate->key_usage, kDigitalSignature);
  EXPECT_EQ(certificate->public_key.text(), "EC P-256");
  EXPECT_FALSE(certificate.is_ca());
  EXPECT_FALSE(certificate.self_signed());
  EXPECT_TRUE(root.certificate().self_signed());
  EXPECT_TRUE(root.certificate().is_ca());
  EXPECT_TRUE(certificate->defects.empty());
  EXPECT_EQ(certificate.thumbprint().size(), 40u);
}

TEST(Certificate, IsRefusedWhenCutOffAnywhere) {
  const Bytes der = make_certificate(testing::server_spec({"a.example"})).der;
  for (std::size_t size = 0; size < der.size(); ++size) {
    const auto result = Certificate::from_der(ByteView(der).first(size));
    ASSERT_FALSE(result) << size;
    EXPECT_EQ(result.error().id, "CF1153");
  }
}

TEST(Certificate, NeverCrashesOnDamagedOctets) {
  const Bytes good = make_certificate(testing::server_spec({"a.example", "IP:2001:db8::1"})).der;
  EXPECT_TRUE(rc::check([&](std::vector<std::pair<std::uint16_t, std::uint8_t>> changes) {
    Bytes der = good;
    for (const auto& [position, value] : changes) der[position % der.size()] = value;
    const auto result = Certificate::from_der(der);
    if (result) static_cast<void>(result->names().size() + (*result)->subject.text().size());
  }));
}

struct SignatureCase {
  KeyKind key;
  const char* digest;
  const char* name;
};

class Signature : public ::testing::TestWithParam<SignatureCase> {};

TEST_P(Signature, IsGoodForItsMessageAndBadForAnother) {
  CertificateSpec spec;
  spec.key_kind = GetParam().key;
  spec.digest = GetParam().digest;
  const Certificate certificate = make_certificate(spec).certificate();
  const PublicKey& key = certificate->public_key;
  EXPECT_EQ(signature_algorithm(certificate->signature_algorithm).name, GetParam().name);
  EXPECT_EQ(key.verify(certificate->signature_algorithm, certificate->tbs, certificate->signature),
            SignatureStatus::kGood);
  Bytes other = to_bytes(certificate->tbs);
  other.back() ^= 1;
  EXPECT_EQ(key.verify(certificate->signature_algorithm, other, certificate->signature), SignatureStatus::kBad);
  for (std::size_t size : {std::size_t{0}, std::size_t{1}, certificate->signature.size() - 1}) {
    EXPECT_EQ(key.verify(certificate->signature_algorithm, certificate->tbs, certificate->signature.first(size)),
              SignatureStatus::kBad);
  }
}

INSTANTIATE_TEST_SUITE_P(Algorithms, Signature,
                         ::testing::Values(SignatureCase{KeyKind::kRsa2048, "SHA256", "RSA with SHA-256"},
                                           SignatureCase{KeyKind::kRsa2048, "SHA1", "RSA with SHA-1"},
                                           SignatureCase{KeyKind::kRsa2048, "MD5", "RSA with MD5"},
                                           SignatureCase{KeyKind::kRsa3072, "SHA512", "RSA with SHA-512"},
                                           SignatureCase{KeyKind::kRsaPss2048, "SHA256", "RSA-PSS with SHA-256"},
                                           SignatureCase{KeyKind::kP256, "SHA256", "ECDSA with SHA-256"},
                                           SignatureCase{KeyKind::kP384, "SHA384", "ECDSA with SHA-384"},
                                           SignatureCase{KeyKind::kP521, "SHA512", "ECDSA with SHA-512"},
                                           SignatureCase{KeyKind::kSecp256k1, "SHA256", "ECDSA with SHA-256"},
                                           SignatureCase{KeyKind::kEd25519, "", "Ed25519"},
                                           SignatureCase{KeyKind::kEd448, "", "Ed448"}));

TEST(ExplicitCurve, IsNamedAndNeverVerifies) {
  CertificateSpec spec;
  spec.key_kind = KeyKind::kP256Explicit;
  const Certificate certificate = make_certificate(spec).certificate();
  EXPECT_TRUE(certificate->public_key.explicit_curve());
  EXPECT_FALSE(certificate->public_key.importable());
  EXPECT_FALSE(certificate.self_signed());
}

class ImportedKey : public ::testing::TestWithParam<KeyKind> {};

TEST_P(ImportedKey, HasThePublicKeyOfItsCertificate) {
  const TestKey made = TestKey::named("imported", GetParam());
  const auto key = PrivateKey::from_pkcs8(made.pkcs8());
  ASSERT_TRUE(key) << key.error().message;
  const auto spki = PublicKey::from_spki(made.spki());
  ASSERT_TRUE(spki);
  EXPECT_TRUE(key->public_key() == *spki);
  EXPECT_TRUE(key->public_key().importable());
  const auto again = PrivateKey::from_pkcs8(key->pkcs8().view());
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->pkcs8() == key->pkcs8());
}

TEST_P(ImportedKey, IsRefusedWhenAnyOctetOfItIsDamaged) {
  const Bytes good = TestKey::named("imported", GetParam()).pkcs8();
  const auto original = PrivateKey::from_pkcs8(good);
  ASSERT_TRUE(original);
  for (std::size_t i = 0; i < good.size(); i += 7) {
    Bytes damaged = good;
    damaged[i] ^= 0x10;
    const auto key = PrivateKey::from_pkcs8(damaged);
    // A curve's seed is any number: then it is another key, with another public key.
    if (!key) continue;
    EXPECT_FALSE(key->public_key() == original->public_key() && !(key->pkcs8() == original->pkcs8())) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Algorithms, ImportedKey,
                         ::testing::Values(KeyKind::kRsa2048, KeyKind::kRsaPss2048, KeyKind::kP256, KeyKind::kP384,
                                           KeyKind::kP521, KeyKind::kEd25519, KeyKind::kEd448));

TEST(PrivateKey, OfAForeignCurveIsUnsupported) {
  const auto key = PrivateKey::from_pkcs8(TestKey::named("k1", KeyKind::kSecp256k1).pkcs8());
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error(),
            (Error{ErrorKind::kUnsupported, "CF1152", "private keys of the kind EC secp256k1 are not imported",
                   "use RSA, RSA-PSS, EC on P-256, P-384 or P-521, Ed25519 or Ed448"}));
}

TEST(PrivateKey, WritesPemThatStartsAndEndsAsOthersReadIt) {
  const auto key = PrivateKey::from_pkcs8(TestKey::named("pem", KeyKind::kP256).pkcs8());
  ASSERT_TRUE(key);
  const Secret pem = key->pem();
  EXPECT_TRUE(pem.text().starts_with("-----BEGIN PRIVATE KEY-----\nMIGH"));
  EXPECT_TRUE(pem.text().ends_with("\n-----END PRIVATE KEY-----\n"));
}

TEST(Name, ComparesAsRfc5280Says) {
  const auto name = [](const char* value) { return *Name::from_der(testing::der_name({{"O", value}})); };
  EXPECT_EQ(name("Litware  Inc"), name(" litware inc "));
  EXPECT_FALSE(name("Litware Inc") == name("LitwareInc"));
  EXPECT_FALSE(name("a") == *Name::from_der(testing::der_name({{"CN", "a"}})));
}

TEST(Oid, RoundTripsThroughText) {
  for (const char* text :
       {"1.2.840.113549.1.1.1", "2.5.29.17", "1.3.101.112", "2.999.3", "0.9.2342.19200300.100.1.25"}) {
    EXPECT_EQ(dotted(oid_from_dotted(text)), text);
  }
  for (const char* text : {"", "1", "3.1", "1.40", "1..2", "1.2.", "a.b"}) EXPECT_EQ(oid_from_dotted(text), "") << text;
}

}  // namespace
}  // namespace certferry::x509
