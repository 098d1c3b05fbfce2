#include "container/kdf.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "container/cipher.h"
#include "container/derived_keys.h"
#include "container/testing/corpus.h"

namespace certferry::container {
namespace {

using testing::in_corpus;

Bytes octets(const nlohmann::json& hex) { return from_hex(hex.get<std::string>()).value(); }

// "pbkdf2_hmacsha256_test.json" or "pbes2_hmacsha256_aes_128_test.json".
Hash hash_of(const std::string& file) {
  const std::pair<const char*, Hash> hashes[] = {{"sha1_", Hash::kSha1},
                                                 {"sha224_", Hash::kSha224},
                                                 {"sha256_", Hash::kSha256},
                                                 {"sha384_", Hash::kSha384},
                                                 {"sha512_", Hash::kSha512}};
  for (const auto& [name, hash] : hashes) {
    if (file.find(name) != std::string::npos) return hash;
  }
  ADD_FAILURE() << file;
  return Hash::kSha1;
}

// Every test of every file of Wycheproof whose name begins so, with the file's name. How many; negative: there are none.
template <typename Check>
int each_vector(const std::string& prefix, Check check) {
  const auto folder = in_corpus("kdf-vectors/testvectors_v1");
  if (!folder) return -1;
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix)) continue;
    std::ifstream file(entry.path());
    const auto whole = nlohmann::json::parse(file);
    for (const auto& group : whole["testGroups"]) {
      for (const auto& test : group["tests"]) {
        SCOPED_TRACE(name + " " + test["tcId"].dump());
        check(name, test);
        ++count;
      }
    }
  }
  return count;
}

TEST(Pbkdf2, AgreesWithWycheproof) {
  const int count = each_vector("pbkdf2_", [](const std::string& file, const nlohmann::json& test) {
    const std::uint64_t iterations = test["iterationCount"];
    if (iterations > 100'000) return;  // RFC 6070's fifth takes seconds and shows nothing more
    const Bytes password = octets(test["password"]);
    const Bytes salt = octets(test["salt"]);
    const Hash hash = hash_of(file);
    EXPECT_EQ(hex_lower(pbkdf2(hash, password, salt, iterations, test["dkLen"]).view()), test["dk"].get<std::string>());
    const Derivation one[] = {
        {Derivation::Function::kPbkdf2, hash, Secret(ByteView(password)), salt, iterations, test["dkLen"]}};
    EXPECT_EQ(hex_lower(derive(one)[0].view()), test["dk"].get<std::string>());
  });
  EXPECT_TRUE(count < 0 || count > 250) << count;
}

TEST(Pbes2, AgreesWithWycheproof) {
  const int count = each_vector("pbes2_", [](const std::string& file, const nlohmann::json& test) {
    const std::size_t bits = std::stoul(file.substr(file.find("aes_") + 4));
    const Secret key =
        pbkdf2(hash_of(file), octets(test["password"]), octets(test["salt"]), test["iterationCount"], bits / 8);
    const auto plain = decrypt(Cipher::kAesCbc, key.view(), octets(test["iv"]), octets(test["ct"]));
    ASSERT_TRUE(plain);
    EXPECT_EQ(hex_lower(plain->view()), test["msg"].get<std::string>());
  });
  EXPECT_TRUE(count < 0 || count > 1000) << count;
}

struct Pkcs12Vector {
  std::string password;
  Pkcs12Use use;
  std::uint64_t iterations;
  std::string salt;
  std::string key;
};

// Those that implementations have passed around since 1999, SHA-1.
class Pkcs12Kdf : public ::testing::TestWithParam<Pkcs12Vector> {};
TEST_P(Pkcs12Kdf, AgreesWithTheVector) {
  const Pkcs12Vector& vector = GetParam();
  const Secret password = bmp_password(as_bytes(vector.password));
  const Bytes salt = from_hex(vector.salt).value();
  EXPECT_EQ(
      hex_upper(
          pkcs12_kdf(Hash::kSha1, vector.use, password.view(), salt, vector.iterations, vector.key.size() / 2).view()),
      vector.key);
}
INSTANTIATE_TEST_SUITE_P(
    Vectors, Pkcs12Kdf,
    ::testing::Values(
        Pkcs12Vector{"smeg", Pkcs12Use::kKey, 1, "0A58CF64530D823F",
                     "8AAAE6297B6CB04642AB5B077851284EB7128F1A2A7FBCA3"},
        Pkcs12Vector{"smeg", Pkcs12Use::kIv, 1, "0A58CF64530D823F", "79993DFE048D3B76"},
        Pkcs12Vector{"smeg", Pkcs12Use::kMac, 1, "3D83C0E4546AC140", "8D967D88F6CAA9D714800AB3D48051D63F73A312"},
        Pkcs12Vector{"queeg", Pkcs12Use::kKey, 1000, "05DEC959ACFF72F7",
                     "ED2034E36328830FF09DF1E1A07DD357185DAC0D4F9EB3D4"},
        Pkcs12Vector{"queeg", Pkcs12Use::kIv, 1000, "05DEC959ACFF72F7", "11DEDAD7758D4860"},
        Pkcs12Vector{"queeg", Pkcs12Use::kMac, 1000, "263216FCC2FAB31C", "5EC4C7A80DF652294C3925B6489A7AB857C83476"}));

struct ScryptVector {
  std::string password;
  std::string salt;
  std::uint64_t n, r, p;
  std::string key;
};

// RFC 7914 section 12.
class Scrypt : public ::testing::TestWithParam<ScryptVector> {};
TEST_P(Scrypt, AgreesWithTheRfc) {
  const ScryptVector& vector = GetParam();
  const auto key = scrypt(as_bytes(vector.password), as_bytes(vector.salt), vector.n, vector.r, vector.p, 64, 64 << 20);
  ASSERT_TRUE(key);
  EXPECT_EQ(hex_lower(key->view()), vector.key);
}
INSTANTIATE_TEST_SUITE_P(
    Rfc7914, Scrypt,
    ::testing::Values(ScryptVector{"", "", 16, 1, 1,
                                   "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
                                   "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"},
                      ScryptVector{"password", "NaCl", 1024, 8, 16,
                                   "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
                                   "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"},
                      ScryptVector{"pleaseletmein", "SodiumChloride", 16384, 8, 1,
                                   "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
                                   "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"}));

TEST(ScryptLimits, RefusesWhatNeedsMoreMemory) {
  EXPECT_FALSE(scrypt(as_bytes("p"), as_bytes("s"), 1 << 20, 8, 1, 32, 256 << 20));
}

TEST(BmpPassword, IsUtf16WithTwoZeros) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "0000"},
      {"ab", "006100620000"},
      {"\xc3\xa4", "00e40000"},
      {"\xf0\x9f\x94\x91", "d83ddd110000"},
      {"a\xff", "006100ff0000"},  // no UTF-8: Latin-1
  };
  for (const auto& [utf8, bmp] : cases) EXPECT_EQ(hex_lower(bmp_password(as_bytes(utf8)).view()), bmp) << utf8;
}

}  // namespace
}  // namespace certferry::container
