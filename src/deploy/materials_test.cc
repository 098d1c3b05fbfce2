#include "deploy/materials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/process.h"
#include "deploy/testing/service_material.h"

namespace certferry::deploy {
namespace {

using ::testing::HasSubstr;
using testing::service_material;
using ::testing::StartsWith;
using x509::testing::KeyKind;

// What openssl prints for that input.
std::string openssl(std::vector<std::string> words, const Secret& input) {
  SystemClock clock;
  SystemProcess process(clock);
  Command command;
  command.argv = {"/usr/bin/openssl"};
  command.argv.insert(command.argv.end(), words.begin(), words.end());
  command.input = input.clone();
  const auto result = process.run(command);
  if (!result) return result.error().message;
  return result->ok() ? result->output + result->errors : "failed: " + result->errors;
}

TEST(Materials, PutTogetherWhatServicesRead) {
  const Materials it = service_material("one");
  const std::string leaf = it.leaf.pem();
  const std::string chain = it.chain.front().pem();
  const std::string key(it.key.pem().text());
  EXPECT_EQ(make_content(Content::kFullChain, it)->text(), leaf + chain);
  EXPECT_EQ(make_content(Content::kChain, it)->text(), chain);
  EXPECT_EQ(make_content(Content::kLeaf, it)->text(), leaf);
  EXPECT_EQ(make_content(Content::kKeyPkcs8, it)->text(), key);
  EXPECT_EQ(make_content(Content::kFullChainAndKey, it)->text(), leaf + chain + key);
  EXPECT_EQ(make_content(Content::kKeyAndFullChain, it)->text(), key + leaf + chain);
}

TEST(Materials, ComeBackFromAGeneration) {
  const Materials it = service_material("one");
  const auto back = materials_from_pem(make_content(Content::kFullChain, it)->text(), it.key.pem());
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->leaf, it.leaf);
  EXPECT_EQ(back->chain, it.chain);
  const auto other = materials_from_pem(it.leaf.pem(), service_material("two").key.pem());
  EXPECT_EQ(other.error().message, "the private key is not that of the first certificate");
  EXPECT_EQ(materials_from_pem("", it.key.pem()).error().id, "CF1650");
  EXPECT_EQ(materials_from_pem("-----BEGIN CERTIFICATE-----\nMII", it.key.pem()).error().id, "CF1650");
}

TEST(Materials, OlderFormsOfKeysAreReadByOpenssl) {
  const std::vector<std::pair<KeyKind, std::string>> cases = {{KeyKind::kRsa2048, "-----BEGIN RSA PRIVATE KEY-----\n"},
                                                              {KeyKind::kP256, "-----BEGIN EC PRIVATE KEY-----\n"},
                                                              {KeyKind::kEd25519, "-----BEGIN PRIVATE KEY-----\n"}};
  for (const auto& [kind, begin] : cases) {
    const Materials it = service_material("old", kind);
    const auto text = make_content(Content::kKeyTraditional, it);
    ASSERT_TRUE(text) << text.error().message;
    EXPECT_THAT(std::string(text->text()), StartsWith(begin));
    EXPECT_EQ(openssl({"pkey"}, *text), std::string(it.key.pem().text()));
  }
}

TEST(Materials, KeystoresAreReadByOpenssl) {
  const Materials it = service_material("one", KeyKind::kRsa2048);
  const Secret password("P@ss wörd");
  const auto store = make_content(Content::kPkcs12, it, {"service", &password});
  ASSERT_TRUE(store) << store.error().message;
  const std::string shown = openssl({"pkcs12", "-nodes", "-info", "-passin", "pass:P@ss wörd"}, *store);
  EXPECT_THAT(shown, HasSubstr(std::string(it.key.pem().text())));
  EXPECT_THAT(shown, HasSubstr(it.leaf.pem()));
  EXPECT_THAT(shown, HasSubstr(it.chain.front().pem()));
  EXPECT_THAT(shown, HasSubstr("friendlyName: service"));
  EXPECT_THAT(shown, HasSubstr("MAC: sha256, Iteration 10000"));
  EXPECT_THAT(shown, HasSubstr("PBES2, PBKDF2, AES-256-CBC, Iteration 10000, PRF hmacWithSHA256"));
  EXPECT_THAT(openssl({"pkcs12", "-nodes", "-passin", "pass:other"}, *store), StartsWith("failed: "));
  EXPECT_EQ(make_content(Content::kPkcs12, it).error().id, "CF1651");
}

}  // namespace
}  // namespace certferry::deploy
