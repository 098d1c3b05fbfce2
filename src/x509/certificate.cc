#include "x509/certificate.h"

#include <algorithm>

#include "x509/der.h"
#include "x509/digest.h"
#include "x509/extensions.h"
#include "x509/pem.h"
#include "x509/time.h"

namespace certferry::x509 {
namespace {

using Kind = Defect::Kind;

// The first and the last second that RFC 3339 can write.
constexpr Time kFirstTime{std::chrono::seconds(-62135596800)};
constexpr Time kLastTime{std::chrono::seconds(253402300799)};

// Reads one certificate into `fields`, whose `der` is already in place. Every step returns what is wrong, or nothing.
class Parser {
 public:
  explicit Parser(CertificateFields& fields) : fields_(fields) {}

  [[nodiscard]] const char* run() {
    der::Reader outer(fields_.der);
    const auto certificate = outer.next(der::kSequence);
    if (!certificate) return "it is not a DER SEQUENCE, or it is cut off";
    if (!outer.at_end()) return "bytes follow the certificate";
    der::Reader parts(certificate->content);
    const auto tbs = parts.next(der::kSequence);
    const auto algorithm = parts.next(der::kSequence);
    const auto signature = parts.next(der::kBitString);
    if (!tbs || !algorithm || !signature || signature->content.empty())
      return "it is not tbsCertificate, algorithm, signature";
    if (!parts.at_end()) defect(Kind::kTrailingData, {}, "data follows the signature");
    if (signature->content[0] != 0) defect(Kind::kUnusedBits, {}, "the signature has unused bits");
    fields_.tbs = tbs->whole;
    fields_.signature_algorithm = algorithm->whole;
    fields_.signature = signature->content.subspan(1);
    return read_tbs(tbs->content);
  }

 private:
  void defect(Kind kind, Oid oid, std::string message) {
    fields_.defects.push_back({kind, std::string(oid), std::move(message)});
  }

  const char* read_tbs(ByteView content) {
    der::Reader reader(content);
    if (const auto version = reader.next(der::context(0))) {
      const auto number = der::Reader(version->content).next(der::kInteger);
      if (!number || number->content.size() != 1) return "its version cannot be read";
      fields_.version = number->content[0] + 1;
      if (fields_.version == 1) defect(Kind::kNotDer, {}, "version 1, the default, is written out");
      if (fields_.version > 3) defect(Kind::kVersion, {}, "version " + std::to_string(fields_.version) + " is unknown");
    }
    const auto serial = reader.next(der::kInteger);
    const auto algorithm = reader.next(der::kSequence);
    const auto issuer = reader.next(der::kSequence);
    const auto validity = reader.next(der::kSequence);
    const auto subject = reader.next(der::kSequence);
    const auto spki = reader.next(der::kSequence);
    if (!serial || !algorithm || !issuer || !validity || !subject || !spki)
      return "a field of tbsCertificate is missing";
    read_serial(serial->content);
    if (!equal(algorithm->whole, fields_.signature_algorithm)) {
      defect(Kind::kSignatureAlgorithmMismatch, {}, "the signature algorithm inside differs from the one outside");
    }
    auto issuer_name = Name::from_der(issuer->whole);
    auto subject_name = Name::from_der(subject->whole);
    if (!issuer_name || !subject_name) return "its issuer or subject is no distinguished name";
    fields_.issuer = std::move(*issuer_name);
    fields_.subject = std::move(*subject_name);
    if (const char* wrong = read_validity(validity->content)) return wrong;
    auto key = PublicKey::from_spki(spki->whole);
    if (!key) return "its public key is no SubjectPublicKeyInfo";
    fields_.public_key = std::move(*key);
    return read_tail(reader);
  }

  void read_serial(ByteView content) {
    fields_.serial = to_bytes(content);
    if (content.empty()) defect(Kind::kSerial, {}, "the serial number is empty");
    const bool padded =
        content.size() > 1 && ((content[0] == 0 && content[1] < 0x80) || (content[0] == 0xff && content[1] >= 0x80));
    if (padded) defect(Kind::kSerial, {}, "the serial number is not in its shortest form");
  }

  const char* read_validity(ByteView content) {
    der::Reader reader(content);
    const auto not_before = reader.next();
    const auto not_after = reader.next();
    if (!not_before || !not_after) return "its validity is not two times";
    const auto read = [&](const der::Element& element, std::string_view field, Time& time) {
      const auto parsed = time_from_asn1(element);
      if (!parsed || !parsed->conforming) {
        defect(Kind::kBadTime, {}, std::string(field) + (parsed ? " is not in the form of RFC 5280" : " is no date"));
      }
      if (parsed) time = parsed->time;
      return parsed.has_value();
    };
    // An unreadable date must never look like a long validity.
    if (!read(*not_before, "notBefore", fields_.not_before)) fields_.not_before = kLastTime;
    if (!read(*not_after, "notAfter", fields_.not_after)) fields_.not_after = kFirstTime;
    if (!reader.at_end()) defect(Kind::kTrailingData, {}, "data follows notAfter");
    return nullptr;
  }

  // Unique identifiers and extensions.
  const char* read_tail(der::Reader& reader) {
    constexpr std::uint8_t kIssuerUniqueId = 0x81;
    constexpr std::uint8_t kSubjectUniqueId = 0x82;
    static_cast<void>(reader.next(kIssuerUniqueId));
    static_cast<void>(reader.next(kSubjectUniqueId));
    if (const auto wrapper = reader.next(der::context(3))) {
      der::Reader inner(wrapper->content);
      const auto list = inner.next(der::kSequence);
      if (!list || !inner.at_end()) return "its extensions cannot be read";
      if (fields_.version != 3) defect(Kind::kVersion, {}, "it has extensions but is not version 3");
      if (const char* wrong = read_extensions(list->content)) return wrong;
    }
    if (!reader.at_end()) defect(Kind::kTrailingData, {}, "data follows the extensions");
    return nullptr;
  }

  const char* read_extensions(ByteView content) {
    for (der::Reader list(content); !list.at_end();) {
      const auto element = list.next(der::kSequence);
      if (!element) return "an extension cannot be read";
      der::Reader parts(element->content);
      const auto type = parts.next(der::kOid);
      if (!type) return "an extension has no identifier";
      Extension extension{to_oid(type->content), false, {}};
      if (const auto critical = parts.next(der::kBoolean)) {
        if (critical->content.size() != 1) return "an extension's critical flag cannot be read";
        extension.critical = critical->content[0] != 0;
        if (critical->content[0] != 0xff)
          defect(Kind::kNotDer, extension.oid, oid_name(extension.oid) + ": critical is not written as DER");
      }
      const auto value = parts.next(der::kOctetString);
      if (!value || !parts.at_end()) return "an extension's value cannot be read";
      extension.value = value->content;
      const bool duplicate =
          std::ranges::any_of(fields_.extensions, [&](const Extension& e) { return e.oid == extension.oid; });
      fields_.extensions.push_back(extension);
      if (duplicate) {
        defect(Kind::kDuplicateExtension, extension.oid, oid_name(extension.oid) + " occurs more than once");
      } else if (!read_extension(extension, fields_)) {
        defect(Kind::kMalformedExtension, extension.oid, oid_name(extension.oid) + " cannot be read");
      }
    }
    return nullptr;
  }

  CertificateFields& fields_;
};

}  // namespace

Result<Certificate> Certificate::from_der(ByteView der) {
  auto fields = std::make_shared<CertificateFields>();
  fields->der = to_bytes(der);
  if (const char* wrong = Parser(*fields).run()) {
    return fail(ErrorKind::kRejected, "CF1153", std::string("this is no X.509 certificate: ") + wrong,
                "export the certificate again, or ask whoever sent it for a complete copy");
  }
  fields->sha256 = x509::sha256(fields->der);
  fields->sha1 = x509::sha1(fields->der);
  return Certificate(std::move(fields));
}

std::string Certificate::serial_hex() const {
  ByteView serial = fields_->serial;
  while (serial.size() > 1 && serial[0] == 0) serial = serial.subspan(1);
  return hex_upper(serial);
}

const Extension* Certificate::extension(Oid oid) const {
  const auto it = std::ranges::find_if(fields_->extensions, [&](const Extension& e) { return e.oid == oid; });
  return it == fields_->extensions.end() ? nullptr : &*it;
}

bool Certificate::has_critical(Oid oid) const {
  const Extension* found = extension(oid);
  return found && found->critical;
}

bool Certificate::self_signed() const {
  return self_issued() && fields_->public_key.verify(fields_->signature_algorithm, fields_->tbs, fields_->signature) ==
                              SignatureStatus::kGood;
}

bool Certificate::is_ca() const {
  if (fields_->basic_constraints) return fields_->basic_constraints->ca;
  return fields_->version == 1 && self_signed();
}

std::vector<std::string> Certificate::names() const {
  std::vector<std::string> names;
  if (!fields_->subject_alt_names) return names;
  for (const GeneralName& name : *fields_->subject_alt_names) {
    if (name.kind == GeneralName::Kind::kDns || name.kind == GeneralName::Kind::kIp) names.push_back(name.display());
  }
  return names;
}

std::string Certificate::pem() const { return std::string(as_text(x509::pem("CERTIFICATE", fields_->der))); }

}  // namespace certferry::x509
