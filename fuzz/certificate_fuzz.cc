// x509::Certificate::from_der on anything: never a crash, and what was read holds together.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/bytes.h"
#include "x509/certificate.h"

namespace {

namespace x509 = certferry::x509;

void require(bool condition) {
  if (!condition) std::abort();
}

bool lies_within(certferry::ByteView part, certferry::ByteView whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void holds_together(const x509::Certificate& certificate) {
  require(lies_within(certificate->tbs, certificate->der));
  require(lies_within(certificate->signature, certificate->der));
  for (const x509::Extension& extension : certificate->extensions) {
    require(lies_within(extension.value, certificate->der));
    (void)certificate.has_critical(extension.oid);
  }
  require(certificate.sha256_hex().size() == 64 && certificate.thumbprint().size() == 40);
  require(!certificate->subject.label().empty() && !certificate->issuer.label().empty());
  (void)certificate->subject.text();
  (void)certificate.names();
  (void)certificate.serial_hex();
  (void)certificate.is_ca();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto certificate = x509::Certificate::from_der(certferry::ByteView(data, size));
  if (!certificate) {
    require(!certificate.error().id.empty() && !certificate.error().message.empty());
    return 0;
  }
  holds_together(*certificate);
  const auto again = x509::Certificate::from_der((*certificate)->der);
  require(again && *again == *certificate && (*again)->subject == (*certificate)->subject);
  return 0;
}
