#include "chain/judge.h"

namespace certferry::chain {

std::string described(const x509::CertificateFields& certificate, Role role) {
  const char* place = "the certificate";
  if (role == Role::kIntermediate) place = "the intermediate";
  if (role == Role::kAnchor) place = certificate.subject == certificate.issuer ? "the root" : "the trusted certificate";
  return std::string(place) + " '" + certificate.subject.label() + "'";
}

}  // namespace certferry::chain
