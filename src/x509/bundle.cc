#include "x509/bundle.h"

namespace certferry::x509 {

std::string_view name_of(FileFormat format) {
  switch (format) {
    case FileFormat::kPkcs12: return "pkcs12";
    case FileFormat::kPem: return "pem";
    case FileFormat::kDer: return "der";
    case FileFormat::kBase64: return "base64";
    case FileFormat::kPkcs7: return "pkcs7";
    case FileFormat::kJks: return "jks";
  }
  return "pem";
}

}  // namespace certferry::x509
