#include "deploy/testing/material.h"

#include <map>

#include "x509/pem.h"
#include "x509/testing/certificate_maker.h"

namespace certferry::deploy::testing {

const Material& material(const std::string& name) {
  static std::map<std::string, Material> made;
  const auto there = made.find(name);
  if (there != made.end()) return there->second;
  static const auto root = x509::testing::make_root("Litware Root CA");
  static const auto intermediate = x509::testing::make_intermediate("Litware Issuing CA", root);
  const auto leaf = x509::testing::make_certificate(x509::testing::server_spec({name}), &intermediate);
  const Bytes key = x509::pem("PRIVATE KEY", leaf.key.pkcs8());
  return made[name] = {leaf.certificate().sha256_hex(), leaf.pem(), intermediate.pem(), std::string(as_text(key))};
}

}  // namespace certferry::deploy::testing
