// Certificates with chains and keys as PEM, for the tests of what lies on disk. Not part of the program.
#pragma once

#include <string>

#include "deploy/certificates.h"
#include "deploy/generations.h"

namespace certferry::deploy::testing {

// Made once for each name in a process.
struct Material {
  std::string sha256;
  std::string certificate;
  std::string chain;
  std::string key;

  [[nodiscard]] CertificateFiles files() const { return {sha256, certificate, chain, Secret(key), "{}\n"}; }
  [[nodiscard]] GenerationFiles generation() const { return {sha256, certificate, chain, Secret(key)}; }
};
[[nodiscard]] const Material& material(const std::string& name);

}  // namespace certferry::deploy::testing
