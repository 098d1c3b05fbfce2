#include "container/read.h"

#include "container/ber.h"
#include "container/contents.h"
#include "container/jks.h"
#include "container/pem.h"
#include "container/pkcs12.h"
#include "container/pkcs7.h"
#include "container/sniff.h"
#include "x509/der.h"

namespace certferry::container {
namespace {

using x509::CertificateFile;
using x509::FileFormat;

std::unexpected<Error> unsupported(std::string_view id, std::string_view message, std::string_view fix) {
  return fail(ErrorKind::kUnsupported, id, std::string(message), std::string(fix));
}

std::unexpected<Error> not_a_certificate() {
  return fail(ErrorKind::kRejected, "CF1203", "the file is nothing that holds certificates or private keys",
              "check that it is the right file; PFX, PEM, DER, P7B and JKS can be read");
}

// What cannot hold anything to import, each with its own words.
std::unexpected<Error> foreign_file(Shape shape) {
  constexpr std::string_view kConvert = "convert it to PKCS12 (keytool -importkeystore -deststoretype PKCS12)";
  constexpr std::string_view kExport = "export the certificate together with its private key (PFX or PEM)";
  switch (shape) {
    case Shape::kEmpty:
      return fail(ErrorKind::kRejected, "CF1202", "the file is empty", "export the certificate again");
    case Shape::kRequest:
      return unsupported("CF1220", "this is a certificate request, not a certificate",
                         "send it to your CA and import what it answers");
    case Shape::kCrl:
      return unsupported("CF1221", "this is a revocation list, not a certificate",
                         "use it with `certferry check --crl`");
    case Shape::kSpki:
    case Shape::kRsaPublic: return unsupported("CF1222", "this is a public key, not a certificate", kExport);
    case Shape::kDsaKey:
      return unsupported("CF1152", "private keys of the kind DSA are not imported",
                         "use RSA, RSA-PSS, EC on P-256, P-384 or P-521, Ed25519 or Ed448");
    case Shape::kPkiPath:
      return unsupported("CF1236", "this is a PkiPath, which certferry does not read",
                         "export the certificates as PEM or P7B");
    case Shape::kJceks: return unsupported("CF1237", "this is a Java key store of the kind JCEKS", kConvert);
    case Shape::kBksOrUber: return unsupported("CF1237", "this is a Bouncy Castle key store (BKS or UBER)", kConvert);
    case Shape::kBcfks: return unsupported("CF1237", "this is a Bouncy Castle FIPS key store (BCFKS)", kConvert);
    case Shape::kPvk:
      return unsupported("CF1238", "this is a private key in Microsoft's own format",
                         "convert it with `openssl rsa -inform PVK`, or export a PFX");
    case Shape::kKdb:
      return unsupported("CF1237", "this is a key database of IBM's GSKit",
                         "export the certificate as PKCS12 with gskcapicmd");
    case Shape::kOpenPgp:
      return unsupported("CF1229", "this is an OpenPGP key or message, not a certificate",
                         "export the TLS certificate with its private key");
    case Shape::kSsh:
      return unsupported("CF1228", "this is an SSH key, not a certificate",
                         "export the TLS certificate with its private key");
    case Shape::kJwk:
      return unsupported("CF1240", "this is a JSON Web Key or another JOSE object, not a certificate", kExport);
    case Shape::kSpkac:
      return unsupported("CF1220", "this is a certificate request (SPKAC), not a certificate",
                         "send it to your CA and import what it answers");
    case Shape::kHtml:
      return fail(ErrorKind::kRejected, "CF1201",
                  "this is a web page, not a certificate: perhaps the login page of the portal it was downloaded from",
                  "log in and download it again");
    default: return not_a_certificate();
  }
}

Result<CertificateFile> read_at(ByteView file, const ReadOptions& options, Budget& budget, std::size_t depth,
                                std::optional<FileFormat> outer);

Result<CertificateFile> read_sequence(ByteView file, const ReadOptions& options, Budget& budget,
                                      std::optional<FileFormat> outer) {
  CERTFERRY_ASSIGN(Normalized normalized, normalize(file, budget.limits().depth));
  const std::size_t consumed = normalized.consumed;
  const Secret der(std::move(normalized.der));
  Contents contents(options, budget);
  FileFormat format = FileFormat::kDer;
  const Shape shape = sniff(file, der.view());
  switch (shape) {
    case Shape::kPkcs12:
      format = FileFormat::kPkcs12;
      CERTFERRY_TRY(read_pkcs12(der.view(), contents));
      break;
    case Shape::kPkcs7:
      format = FileFormat::kPkcs7;
      CERTFERRY_TRY(read_pkcs7(der.view(), contents));
      break;
    // As it is in the file: what was signed is not rewritten.
    case Shape::kCertificate: CERTFERRY_TRY(contents.add_certificate(file.first(consumed), "")); break;
    case Shape::kPkcs8: CERTFERRY_TRY(contents.add_pkcs8(der.view(), "")); break;
    case Shape::kEncryptedPkcs8:
      CERTFERRY_TRY(contents.add_encrypted_pkcs8(der.view(), "", budget.limits().depth));
      break;
    case Shape::kPkcs1: CERTFERRY_TRY(contents.add_key(x509::PrivateKey::from_pkcs1(der.view()), "")); break;
    case Shape::kSec1: CERTFERRY_TRY(contents.add_key(x509::PrivateKey::from_sec1(der.view()), "")); break;
    default: return foreign_file(shape);
  }
  if (consumed < file.size()) {
    contents.add_finding({"CF1239", Severity::kWarning,
                          std::to_string(file.size() - consumed) + " bytes follow the end of the structure",
                          "they are left out; if the file was padded on its way, copy it again in binary mode",
                          "X.690 section 10.1"});
  }
  return std::move(contents).finish(outer.value_or(format));
}

Result<CertificateFile> read_text(std::string_view text, const ReadOptions& options, Budget& budget,
                                  std::size_t depth) {
  if (looks_like_pem(text)) {
    CERTFERRY_ASSIGN(const std::vector<PemBlock> blocks, scan_pem(text));
    if (blocks.size() > 4 * budget.limits().certificates) {
      return fail(ErrorKind::kRejected, "CF1212",
                  "the file holds more than " + std::to_string(4 * budget.limits().certificates) + " PEM blocks",
                  "import the certificate and its chain alone");
    }
    Contents contents(options, budget);
    CERTFERRY_TRY(read_pem(blocks, contents));
    return std::move(contents).finish(FileFormat::kPem);
  }
  // A portal's "Base64" without the lines around it.
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start != std::string_view::npos && text.substr(start, 1) == "M") {
    if (auto der = from_base64(text.substr(start)); der && !der->empty()) {
      const Secret bytes(std::move(*der));
      return read_at(bytes.view(), options, budget, depth - 1, FileFormat::kBase64);
    }
  }
  return not_a_certificate();
}

Result<CertificateFile> read_at(ByteView file, const ReadOptions& options, Budget& budget, std::size_t depth,
                                std::optional<FileFormat> outer) {
  if (depth == 0) return not_a_certificate();
  if (looks_like_sequence(file)) return read_sequence(file, options, budget, outer);
  const Shape shape = sniff(file, {});
  if (shape == Shape::kJks) {
    Contents contents(options, budget);
    CERTFERRY_TRY(read_jks(file, contents));
    return std::move(contents).finish(outer.value_or(FileFormat::kJks));
  }
  const Secret text = to_text(file);
  const bool transcoded = text.size() != file.size();
  if (shape == Shape::kText || transcoded || looks_like_pem(text.text()))
    return read_text(text.text(), options, budget, depth);
  return foreign_file(shape);
}

}  // namespace

Result<CertificateFile> read(ByteView file, const ReadOptions& options) {
  if (file.size() > options.limits.octets) {
    return fail(
        ErrorKind::kRejected, "CF1200",
        "the file has " + std::to_string(file.size()) + " bytes, more than " + std::to_string(options.limits.octets),
        "name the certificate file itself; real ones have a few kilobytes");
  }
  Budget budget(options.limits);
  constexpr std::size_t kEncodings = 3;  // Base64 of Base64 has been seen; more is no accident
  return read_at(file, options, budget, kEncodings, std::nullopt);
}

}  // namespace certferry::container
