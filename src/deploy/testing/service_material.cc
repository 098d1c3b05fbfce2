#include "deploy/testing/service_material.h"

namespace certferry::deploy::testing {

namespace made = x509::testing;

Materials service_material(const std::string& label, made::KeyKind kind) {
  static const made::MadeCertificate root = made::make_root("Litware root");
  static const made::MadeCertificate issuer = made::make_intermediate("Litware issuing CA", root);
  made::CertificateSpec spec = made::server_spec({"web.litwareinc.com"});
  spec.key = made::TestKey::named(label, kind);
  const made::MadeCertificate leaf = made::make_certificate(spec, &issuer);
  return {leaf.certificate(), {issuer.certificate()}, *x509::PrivateKey::from_pkcs8(spec.key->pkcs8())};
}

}  // namespace certferry::deploy::testing
