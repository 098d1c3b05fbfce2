// Makes PFX files for tests. Not part of the program.
#pragma once

#include <string>
#include <vector>

#include "x509/testing/certificate_maker.h"

namespace certferry::container::testing {

// Made for designated initializers. Encrypted with AES-256 and PBKDF2, MAC with HMAC-SHA256.
struct PfxSpec {
  std::string password = "secret";
  std::vector<x509::testing::MadeCertificate> certificates;  // the first is the key's
  bool key = true;
  bool key_encrypted = true;
  bool certificates_encrypted = true;
  bool mac = true;
  int iterations = 2048;
};

[[nodiscard]] Bytes make_pfx(const PfxSpec& spec);

}  // namespace certferry::container::testing
