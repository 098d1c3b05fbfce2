#include "seal/key_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "seal/keys.h"
#include "x509/pem.h"
#include "x509/testing/certificate_maker.h"

namespace certferry::seal {
namespace {

const Secret kPassphrase{std::string_view("correct horse")};

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string changed(text);
  changed.replace(changed.find(from), from.size(), to);
  return changed;
}

TEST(KeyFile, GivesTheKeyBackForItsPassphraseAlone) {
  const x509::PrivateKey key = *make_key();
  const auto file = encrypted_pem(key, kPassphrase);
  ASSERT_TRUE(file);
  EXPECT_TRUE(is_encrypted(file->text()));
  EXPECT_TRUE(file->text().starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
  const auto read = key_from_pem(file->text(), kPassphrase);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->public_key(), key.public_key());
  EXPECT_EQ(key_from_pem(file->text(), Secret{std::string_view("correct house")}).error().id, "CF2233");
  EXPECT_EQ(key_from_pem(file->text(), Secret()).error().id, "CF2233");
}

TEST(KeyFile, SaysHowItIsProtected) {
  const auto file = encrypted_pem(*make_key(), kPassphrase);
  ASSERT_TRUE(file);
  std::string body(file->text());
  body = body.substr(body.find('\n'), body.rfind("-----END") - body.find('\n'));
  const std::string der = hex_lower(*from_base64(body));
  EXPECT_THAT(der, ::testing::HasSubstr("06092a864886f70d01050d"));      // PBES2
  EXPECT_THAT(der, ::testing::HasSubstr("06092a864886f70d01050c"));      // PBKDF2
  EXPECT_THAT(der, ::testing::HasSubstr("0203"
                                        "0927c0"));               // 600,000
  EXPECT_THAT(der, ::testing::HasSubstr("06082a864886f70d0209"));        // HMAC with SHA-256
  EXPECT_THAT(der, ::testing::HasSubstr("060960864801650304012a"));      // AES-256-CBC
}

TEST(KeyFile, ReadsAPlainOneWithoutAPassphrase) {
  const x509::PrivateKey key = *make_key();
  const Secret file = key.pem();
  EXPECT_FALSE(is_encrypted(file.text()));
  const auto read = key_from_pem(file.text(), Secret());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->pkcs8(), key.pkcs8());
}

TEST(KeyFile, RefusesAnEmptyPassphrase) { EXPECT_EQ(encrypted_pem(*make_key(), Secret()).error().id, "CF2231"); }

TEST(KeyFile, RefusesWhatIsNoKeyOfTheFleet) {
  const auto rsa =
      x509::PrivateKey::from_pkcs8(x509::testing::TestKey::named("rsa", x509::testing::KeyKind::kRsa2048).pkcs8());
  ASSERT_TRUE(rsa);
  EXPECT_EQ(key_from_pem(rsa->pem().text(), Secret()).error().id, "CF2202");
  const Secret plain = make_key()->pem();
  EXPECT_EQ(
      key_from_pem(replaced(plain.text(), "-----BEGIN PRIVATE KEY-----\nM", "-----BEGIN PRIVATE KEY-----\nA"), Secret())
          .error()
          .id,
      "CF2202");
  for (const std::string& text :
       {std::string(), std::string("-----BEGIN PRIVATE KEY-----"),
        std::string("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMA==\n-----END ENCRYPTED PRIVATE KEY-----\n"),
        replaced(plain.text(), "-----END PRIVATE", "-----END PUBLIC"),
        "-----BEGIN PRIVATE KEY-----\n" + std::string(20'000, 'A') + "\n-----END PRIVATE KEY-----\n"}) {
    const auto read = key_from_pem(text, kPassphrase);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().id, "CF2232") << text.substr(0, 80);
  }
}

// The count is in the file: it is looked at before it is run.
TEST(KeyFile, DoesNotRunAnExcessiveCount) {
  const auto file = encrypted_pem(*make_key(), kPassphrase);
  ASSERT_TRUE(file);
  std::string body(file->text());
  body = body.substr(body.find('\n'), body.rfind("-----END") - body.find('\n'));
  Bytes der = *from_base64(body);
  const Bytes count = {0x02, 0x03, 0x09, 0x27, 0xc0};
  const auto at = std::ranges::search(der, count).begin();
  ASSERT_NE(at, der.end());
  for (const std::uint8_t high : Bytes{0x7f, 0xff}) {  // 8,333,248; a negative one
    at[2] = high;
    EXPECT_EQ(key_from_pem(as_text(x509::pem("ENCRYPTED PRIVATE KEY", der)), kPassphrase).error().id, "CF2232");
  }
}

}  // namespace
}  // namespace certferry::seal
