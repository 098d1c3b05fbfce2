#include "container/pkcs7.h"

#include "x509/der.h"
#include "x509/oid.h"

namespace certferry::container {
namespace {

using namespace std::string_view_literals;
constexpr x509::Oid kSignedData = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"sv;

std::unexpected<Error> malformed() {
  return fail(ErrorKind::kRejected, "CF1208", "the file is damaged: its PKCS #7 structure cannot be read",
              "export it again");
}

}  // namespace

Result<> read_pkcs7(ByteView content_info, Contents& contents) {
  der::Reader outer(content_info);
  const auto info = outer.next(der::kSequence);
  if (!info) return malformed();
  der::Reader fields(info->content);
  const auto type = fields.next(der::kOid);
  const auto content = fields.next(der::context(0));
  if (!type) return malformed();
  if (x509::to_oid(type->content) != kSignedData) {
    return fail(ErrorKind::kRejected, "CF1215",
                "this PKCS #7 file is no list of certificates (" + x509::dotted(x509::to_oid(type->content)) + ")",
                "export the certificates as P7B (SignedData) or as PEM");
  }
  if (!content) return malformed();
  const auto signed_data = der::Reader(content->content).next(der::kSequence);
  if (!signed_data) return malformed();
  der::Reader parts(signed_data->content);
  if (!parts.next(der::kInteger) || !parts.next(der::kSet) || !parts.next(der::kSequence)) return malformed();
  if (const auto certificates = parts.next(der::context(0))) {
    for (der::Reader list(certificates->content); !list.at_end();) {
      const auto certificate = list.next();
      if (!certificate) return malformed();
      if (certificate->tag == der::kSequence) {
        CERTFERRY_TRY(contents.add_certificate(certificate->whole, ""));
      } else {
        contents.add_foreign(Foreign::kAttributeCertificate, "attribute or extended certificate");
      }
    }
  }
  if (const auto crls = parts.next(der::context(1)); crls && !crls->content.empty()) {
    contents.add_finding({"CF1234", Severity::kInfo, "left out: revocation lists", "", ""});
  }
  return {};
}

}  // namespace certferry::container
