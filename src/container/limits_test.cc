// What costs too much is refused before it costs anything.
#include <gtest/gtest.h>

#include <ctime>

#include "container/read.h"
#include "container/testing/pfx_file.h"
#include "container/testing/slow_file.h"
#include "x509/der_writer.h"

namespace certferry::container {
namespace {

using testing::make_pfx;
using testing::scrypt_file;
using testing::slow_file;
using x509::testing::make_certificate;
using x509::testing::server_spec;

std::string nested(std::size_t depth, bool indefinite) {
  std::string text;
  Bytes inner;
  for (std::size_t i = 0; i < depth; ++i) {
    if (indefinite) {
      text += "\x30\x80";
    } else {
      inner = der::element(0x30, {inner});
    }
  }
  return indefinite ? text + std::string(2 * depth, '\0') : std::string(as_text(inner));
}

std::string certificates(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    auto spec = server_spec({"web.example"});
    spec.serial = {0x01, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)};
    text += make_certificate(spec).pem();
  }
  return text;
}

struct Case {
  const char* what;
  std::string file;
  std::string told;
};

std::vector<Case> cases() {
  return {
      {"iterations", slow_file(10'000'001),
       "CF1210: the file asks for more than 10000000 iterations of key derivation"},
      {"iterations of several keys", slow_file(5'000'001) + slow_file(5'000'000),
       "CF1210: the file asks for more than 10000000 iterations of key derivation"},
      {"iterations beyond any number", slow_file(std::uint64_t{1} << 52),
       "CF1210: the file asks for more than 10000000 iterations of key derivation"},
      {"scrypt's memory", scrypt_file(1 << 20, 8, 1),
       "CF1210: the file asks for scrypt with N=1048576, r=8, p=1, more than 256 MiB"},
      {"scrypt's r", scrypt_file(2, 1 << 30, 1),
       "CF1210: the file asks for scrypt with N=2, r=1073741824, p=1, more than 256 MiB"},
      {"scrypt's p", scrypt_file(16384, 8, 1 << 20),
       "CF1210: the file asks for scrypt with N=16384, r=8, p=1048576, more than 256 MiB"},
      {"size", std::string(2 << 20, 'x'), "CF1200: the file has 2097152 bytes, more than 1048576"},
      {"depth", nested(100, false), "CF1209: the file is nested too deeply"},
      {"depth of indefinite lengths", nested(100'000, true), "CF1209: the file is nested too deeply"},
      {"certificates", certificates(257), "CF1212: the file holds more than 256 certificates"},
      {"nothing but lines", std::string(1 << 20, '\n'),
       "CF1203: the file is nothing that holds certificates or private keys"},
  };
}

TEST(Limits, WhatExceedsThemIsRefusedInLessThanASecond) {
  const Secret password(std::string_view("secret"));
  ReadOptions options;
  options.password = &password;
  for (const Case& each : cases()) {
    const std::clock_t before = std::clock();
    const auto result = read(as_bytes(each.file), options);
    const double seconds = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
    ASSERT_FALSE(result) << each.what;
    EXPECT_EQ(result.error().id + ": " + result.error().message, each.told) << each.what;
    EXPECT_LT(seconds, 1.0) << each.what;
  }
}

TEST(Limits, AreReachedExactly) {
  const auto file = read(as_bytes(certificates(256)), {});
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->certificates.size(), 256u);
}

// The MAC, the certificates and the key.
TEST(Limits, IterationsAreSummedOverTheFile) {
  const Bytes pfx = make_pfx({.certificates = {make_certificate(server_spec({"web.example"}))}, .iterations = 1000});
  const Secret password(std::string_view("secret"));
  ReadOptions options;
  options.password = &password;
  options.limits.kdf_iterations = 3000;
  EXPECT_TRUE(read(pfx, options));
  options.limits.kdf_iterations = 2999;
  const auto refused = read(pfx, options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "the file asks for more than 2999 iterations of key derivation");
  const Secret wrong(std::string_view("wrong"));
  options.password = &wrong;
  EXPECT_EQ(read(pfx, options).error().id, "CF1210") << "before the password was tried";
}

TEST(Limits, ACertificateWithTooManyNamesIsExplainedAndFatal) {
  std::vector<std::string> names;
  for (int i = 0; i < 1001; ++i) names.push_back("n" + std::to_string(i) + ".example");
  const auto file = read(as_bytes(make_certificate(server_spec(names)).pem()), {});
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_FALSE(file->findings.empty());
  EXPECT_EQ(file->findings[0].id, "CF1241");
  EXPECT_EQ(file->findings[0].severity, Severity::kFatal);
  EXPECT_EQ(file->findings[0].message, "a certificate has 1001 names, more than 1000");
}

TEST(Limits, FilesOfTrustAnchorsMayBeLarger) {
  ReadOptions options;
  options.limits = Limits::for_trust();
  const auto file = read(as_bytes(certificates(257)), options);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->certificates.size(), 257u);
}

}  // namespace
}  // namespace certferry::container
