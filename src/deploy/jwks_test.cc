#include "deploy/jwks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "deploy/materials.h"
#include "deploy/testing/service_material.h"

namespace certferry::deploy {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using testing::service_material;
using x509::testing::KeyKind;

x509::PublicKey key_from(std::string_view spki) { return x509::PublicKey::from_spki(*from_base64(spki)).value(); }

PublishedCertificate published(const std::string& label, KeyKind kind = KeyKind::kP256) {
  const Materials it = service_material(label, kind);
  return {it.leaf, it.chain};
}

constexpr std::string_view kRfc7638Key =
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxu"
    "hDR1L6tSoc/BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ/2W+5JsGY4Hc5n9yBXArwl93lqt7/RN5w6Cf0h4QyQ5v+65YGjQR0/FDW2QvzqY368QQMicAtaS"
    "qzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt+bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ+G/xBniIqbw0Ls1jF44"
    "+csFCur+kEgU8awapJzKnqDKgwIDAQAB";

TEST(KeyId, IsTheThumbprintOfTheRfcs) {
  struct Case {
    const char* source;
    std::string_view spki;
    const char* id;
  };
  const Case cases[] = {
      {"RFC 7638 section 3.1", kRfc7638Key, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"},
      {"RFC 8037 appendix A.3",
       "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"},
      {"RFC 7517 appendix A.1",
       "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEMKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D7gS2XpJFbZiItSs3m9+9Ue6GnvHw/"
       "GW2ZZaVtszggXIw==",
       "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s"},
      {"the same, its point compressed",
       "MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgADMKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4=",
       "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s"},
  };
  for (const Case& each : cases) {
    const auto id = key_id(key_from(each.spki));
    ASSERT_TRUE(id) << each.source << ": " << id.error().message;
    EXPECT_EQ(*id, each.id) << each.source;
  }
}

TEST(KeyId, IsRefusedForKeysThatTokensAreNotSignedWith) {
  for (const KeyKind kind : {KeyKind::kP224, KeyKind::kSecp256k1}) {
    const auto spki = x509::testing::TestKey::named("odd", kind).spki();
    EXPECT_EQ(key_id(x509::PublicKey::from_spki(spki).value()).error().id, "CF1652");
  }
}

TEST(JwkSet, TellsEachKeyWithItsCertificates) {
  const PublishedCertificate it = published("one");
  const json set = json::parse(jwk_set({it}).value());
  ASSERT_EQ(set.at("keys").size(), 1U);
  const json& key = set.at("keys").at(0);
  std::vector<std::string> members;
  for (const auto& [name, value] : key.items()) members.push_back(name);
  EXPECT_THAT(members, ElementsAre("alg", "crv", "kid", "kty", "use", "x", "x5c", "x5t#S256", "y"));
  EXPECT_EQ(key.at("kty"), "EC");
  EXPECT_EQ(key.at("use"), "sig");
  EXPECT_EQ(key.at("kid"), key_id(it.leaf->public_key).value());
  // RFC 7517 section 4.7: base64, not base64url, the certificate of the key first.
  ASSERT_EQ(key.at("x5c").size(), 1 + it.chain.size());
  EXPECT_EQ(from_base64(key.at("x5c").at(0).get<std::string>()), it.leaf->der);
  EXPECT_EQ(from_base64(key.at("x5c").at(1).get<std::string>()), it.chain.front()->der);
  EXPECT_EQ(key.at("x5t#S256").get<std::string>().size(), 43U);
}

TEST(JwkSet, NamesTheAlgorithmOfEachKindOfKey) {
  struct Case {
    KeyKind kind;
    const char* type;
    const char* algorithm;
    std::size_t length;  // of x or n in base64url
  };
  const Case cases[] = {{KeyKind::kRsa2048, "RSA", "RS256", 342}, {KeyKind::kRsaPss2048, "RSA", "PS256", 342},
                        {KeyKind::kP256, "EC", "ES256", 43},      {KeyKind::kP384, "EC", "ES384", 64},
                        {KeyKind::kP521, "EC", "ES512", 88},      {KeyKind::kEd25519, "OKP", "EdDSA", 43}};
  std::vector<PublishedCertificate> all;
  for (const Case& each : cases) all.push_back(published("kinds", each.kind));
  const json keys = json::parse(jwk_set(all).value()).at("keys");
  ASSERT_EQ(keys.size(), std::size(cases));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ(keys[i].at("kty"), cases[i].type);
    EXPECT_EQ(keys[i].at("alg"), cases[i].algorithm);
    const std::string number = keys[i].at(keys[i].contains("n") ? "n" : "x").get<std::string>();
    EXPECT_EQ(number.size(), cases[i].length) << cases[i].algorithm;
    EXPECT_EQ(number.find_first_of("+/="), std::string::npos);
  }
}

TEST(JwkSet, KeepsTheOrderAndHasEachKeyOnce) {
  const PublishedCertificate one = published("one");
  const PublishedCertificate two = published("two");
  const std::string set = jwk_set({one, two, one}).value();
  EXPECT_EQ(set, jwk_set({one, two}).value());
  const json keys = json::parse(set).at("keys");
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys[0].at("kid"), key_id(one.leaf->public_key).value());
  EXPECT_EQ(keys[1].at("kid"), key_id(two.leaf->public_key).value());
  EXPECT_EQ(jwk_set({}).value(), "{\"keys\":[]}\n");
}

TEST(JwkSet, ARenewalWithTheSameKeyIsNoSecondEntry) {
  x509::testing::CertificateSpec spec = x509::testing::server_spec({"issuer.litwareinc.com"});
  const x509::Certificate first = make_certificate(spec).certificate();
  spec.serial = {0x01, 0x02};
  const x509::Certificate renewed = make_certificate(spec).certificate();
  ASSERT_NE(first, renewed);
  EXPECT_EQ(jwk_set({{renewed, {}}, {first, {}}}).value(), jwk_set({{renewed, {}}}).value());
}

}  // namespace
}  // namespace certferry::deploy
