// What people are told: the whole text, for the files on which other tools leave them alone.
#include "container/read.h"

#include <gtest/gtest.h>

#include "container/testing/corpus.h"
#include "container/testing/pfx_file.h"

namespace certferry::container {
namespace {

using testing::make_pfx;
using x509::testing::MadeCertificate;
using x509::testing::make_certificate;
using x509::testing::make_root;
using x509::testing::server_spec;

MadeCertificate leaf() { return make_certificate(server_spec({"web.example"})); }

// "CF1204: the password is wrong / check …"; for a file that is read its description, then its findings a line each.
std::string told(ByteView file, const char* password) {
  const Secret secret(std::string_view(password ? password : ""));
  ReadOptions options;
  options.password = password ? &secret : nullptr;
  const auto result = read(file, options);
  if (!result) return result.error().id + ": " + result.error().message + "\n" + result.error().fix;
  std::string text = result->description;
  for (const Finding& finding : result->findings) text += "\n" + finding.id + ": " + finding.message;
  return text;
}

TEST(Told, AGoodPfx) {
  const Bytes pfx = make_pfx({.certificates = {leaf(), make_root("Test Root")}});
  EXPECT_EQ(
      told(pfx, "secret"),
      "PFX (PKCS #12) with 1 private key and 2 certificates, encrypted with AES-256-CBC (PBKDF2, 2048 iterations), "
      "authenticated with HMAC-SHA-256");
}

TEST(Told, WrongPassword) {
  EXPECT_EQ(told(make_pfx({.certificates = {leaf()}}), "Secret"),
            "CF1204: the password is wrong\n"
            "check capitals, blanks and the keyboard layout, and that the password belongs to this file");
}

TEST(Told, NoPasswordGiven) {
  EXPECT_EQ(told(make_pfx({.certificates = {leaf()}}), nullptr),
            "CF1205: the file is protected by a password and none was given\n"
            "give it with --password-file FILE, or run the command on a terminal and be asked");
}

TEST(Told, OldCipherWithTheRightPassword) {
  const auto file = testing::in_corpus("files/openssl/pkcs12/v3-certs-RC2.p12");
  if (!file) return;
  EXPECT_EQ(
      told(testing::bytes_of(*file), "v3-certs"),
      "PFX (PKCS #12) with 2 certificates, encrypted with RC2-40-CBC (PKCS12KDF, 2048 iterations), authenticated with "
      "HMAC-SHA-1\nCF1231: there is no private key in the file");
  EXPECT_EQ(told(testing::bytes_of(*file), "v3-cert"),
            "CF1204: the password is wrong\n"
            "check capitals, blanks and the keyboard layout, and that the password belongs to this file");
}

TEST(Told, Pbmac1WithTheRightPassword) {
  const auto file = testing::in_corpus("files/openssl/pkcs12/pbmac1_256_256.good.p12");
  if (!file) return;
  EXPECT_EQ(
      told(testing::bytes_of(*file), "1234"),
      "PFX (PKCS #12) with 1 private key and 1 certificate, encrypted with AES-256-CBC (PBKDF2, 2048 iterations), "
      "authenticated with PBMAC1 HMAC-SHA-256");
}

TEST(Told, UnknownMac) {
  const auto file = testing::in_corpus("files/gnutls/pkcs12/mem-leak.p12");
  if (!file) return;
  EXPECT_EQ(told(testing::bytes_of(*file), "1234"),
            "CF1216: the file uses an unknown MAC algorithm: 1.3.14.3.18.26\n"
            "export it again with HMAC-SHA256, which every tool reads");
}

TEST(Told, NoKeyInside) {
  EXPECT_EQ(
      told(make_pfx({.certificates = {leaf()}, .key = false}), "secret"),
      "PFX (PKCS #12) with 1 certificate, encrypted with AES-256-CBC (PBKDF2, 2048 iterations), authenticated with "
      "HMAC-SHA-256\nCF1231: there is no private key in the file");
}

TEST(Told, KeyInTheClear) {
  EXPECT_EQ(
      told(make_pfx({.certificates = {leaf()}, .key_encrypted = false, .certificates_encrypted = false}), "secret"),
      "PFX (PKCS #12) with 1 private key and 1 certificate, not encrypted, authenticated with HMAC-SHA-256");
}

TEST(Told, NoMac) {
  EXPECT_EQ(
      told(make_pfx({.certificates = {leaf()}, .mac = false}), "secret"),
      "PFX (PKCS #12) with 1 private key and 1 certificate, encrypted with AES-256-CBC (PBKDF2, 2048 iterations)\n"
      "CF1235: the file has no MAC: nothing shows whether it was altered");
}

TEST(Told, PemUnderAnotherName) {
  EXPECT_EQ(told(as_bytes(leaf().pem()), nullptr),
            "PEM with 1 certificate, not encrypted\nCF1231: there is no private key in the file");
}

TEST(Told, CutOff) {
  const Bytes pfx = make_pfx({.certificates = {leaf()}});
  EXPECT_EQ(told(ByteView(pfx).first(500), "secret"), "CF1207: the file is cut off: 500 of " +
                                                          std::to_string(pfx.size()) +
                                                          " bytes are there\n"
                                                          "copy or download it again, in binary mode");
}

TEST(Told, KeyOfAnotherCertificate) {
  const auto made = leaf();
  const auto other = x509::PrivateKey::from_pkcs8(x509::testing::TestKey::named("other").pkcs8());
  EXPECT_EQ(told(as_bytes(made.pem() + std::string(other->pem().text())), nullptr),
            "CF1214: the private key belongs to none of the certificates in the file\n"
            "take the key that the certificate was requested with, or have the certificate issued again for this key");
}

TEST(Told, WhatIsNoCertificate) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "CF1202: the file is empty\nexport the certificate again"},
      {"<!DOCTYPE html><html>log in</html>",
       "CF1201: this is a web page, not a certificate: perhaps the login page of the portal it was downloaded from\nlog in and download it again"},
      {"hello",
       "CF1203: the file is nothing that holds certificates or private keys\ncheck that it is the right file; PFX, PEM, DER, P7B and JKS can be read"},
      {"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQGNBGA=\n-----END PGP PUBLIC KEY BLOCK-----\n",
       "CF1229: this is an OpenPGP key or message, not a certificate\nexport the TLS certificate with its private key"},
      {"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----\n",
       "CF1228: this is an SSH key, not a certificate\nexport the TLS certificate with its private key"},
      {"-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n",
       "CF1220: this is a certificate request, not a certificate\nsend it to your CA and import what it answers"},
      {"-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n",
       "CF1221: this is a revocation list, not a certificate\nuse it with `certferry check --crl`"},
      {"-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n",
       "CF1222: this is a public key, not a certificate\nexport the certificate together with its private key (PFX or PEM)"},
      {"-----BEGIN CERTIFICATE-----\nMAA=\n",
       "CF1206: PEM block 1 (CERTIFICATE) is cut off: its END line is missing\ncopy the file again; mail programs and web forms break such blocks"},
      {"-----BEGIN CERTIFICATE-----\nM!!=\n-----END CERTIFICATE-----\n",
       "CF1206: PEM block 1 (CERTIFICATE) is damaged: it is no Base64\ncopy the file again; mail programs and web forms break such blocks"},
  };
  for (const auto& [file, text] : cases) EXPECT_EQ(told(as_bytes(file), nullptr), text) << file;
}

}  // namespace
}  // namespace certferry::container
