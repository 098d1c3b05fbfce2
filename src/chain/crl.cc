#include "chain/crl.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "x509/der.h"
#include "x509/oid.h"
#include "x509/time.h"

namespace certferry::chain {

// What a CRL says; views point into `der`.
struct Crl::Fields {
  Bytes der;
  ByteView tbs;
  ByteView algorithm;
  ByteView signature;
  x509::Name issuer;
  Time this_update{};
  std::optional<Time> next_update;
  ByteView revoked;      // content of revokedCertificates
  std::string unusable;  // why it must not be used, empty where it may be
  bool users_only = false;
  bool cas_only = false;
  std::vector<x509::GeneralName> distribution_points;
};

namespace {

namespace oid = x509::oid;
using namespace std::string_view_literals;

constexpr x509::Oid kCrlNumber = "\x55\x1d\x14"sv;
constexpr x509::Oid kReasonCode = "\x55\x1d\x15"sv;
constexpr x509::Oid kDeltaCrlIndicator = "\x55\x1d\x1b"sv;
constexpr x509::Oid kIssuingDistributionPoint = "\x55\x1d\x1c"sv;
constexpr x509::Oid kCertificateIssuer = "\x55\x1d\x1d"sv;
constexpr x509::Oid kFreshestCrl = "\x55\x1d\x2e"sv;

constexpr std::uint8_t kContext1 = 0x81;
constexpr std::uint8_t kContext2 = 0x82;
constexpr std::uint8_t kContext3 = 0x83;
constexpr std::uint8_t kContext4 = 0x84;
constexpr std::uint8_t kContext5 = 0x85;

Error malformed(std::string_view what) {
  return Error{ErrorKind::kRejected, "CF1320", fmt::format("the revocation list cannot be read: {}", what),
               "download the list again from the CA"};
}

// Calls `use(extension)` for each extension; false where the list is malformed or `use` returns false.
template <typename Use>
bool each_extension(ByteView list, Use use) {
  for (der::Reader reader(list); !reader.at_end();) {
    const auto element = reader.next(der::kSequence);
    if (!element) return false;
    der::Reader parts(element->content);
    const auto type = parts.next(der::kOid);
    if (!type) return false;
    x509::Extension extension{x509::to_oid(type->content), false, {}};
    if (const auto critical = parts.next(der::kBoolean)) {
      extension.critical = !critical->content.empty() && critical->content[0] != 0;
    }
    const auto value = parts.next(der::kOctetString);
    if (!value || !parts.at_end()) return false;
    extension.value = value->content;
    if (!use(extension)) return false;
  }
  return true;
}

// The full names of a DistributionPointName's element; false for a name relative to the issuer, which nobody uses.
bool read_full_name(ByteView wrapper, std::vector<x509::GeneralName>& names) {
  der::Reader reader(wrapper);
  const auto full = reader.next(der::context(0));
  if (!full || !reader.at_end()) return false;
  for (der::Reader list(full->content); !list.at_end();) {
    const auto element = list.next();
    if (!element) return false;
    auto name = x509::general_name_from_der(element->whole);
    if (!name) return false;
    names.push_back(std::move(*name));
  }
  return true;
}

bool is_true(const std::optional<der::Element>& flag) {
  return flag && flag->content.size() == 1 && flag->content[0] != 0;
}

// RFC 5280 section 5.2.5. What splits a list in other ways than users, CAs and distribution points makes it unusable.
bool read_issuing_distribution_point(ByteView value, Crl::Fields& fields) {
  der::Reader outer(value);
  const auto sequence = outer.next(der::kSequence);
  if (!sequence || !outer.at_end()) return false;
  der::Reader reader(sequence->content);
  if (const auto point = reader.next(der::context(0))) {
    if (!read_full_name(point->content, fields.distribution_points)) return false;
  }
  fields.users_only = is_true(reader.next(kContext1));
  fields.cas_only = is_true(reader.next(kContext2));
  if (reader.next(kContext3)) fields.unusable = "it covers only some reasons for a revocation";
  if (is_true(reader.next(kContext4))) fields.unusable = "it is an indirect list, issued for other CAs";
  if (is_true(reader.next(kContext5))) fields.unusable = "it covers attribute certificates only";
  return reader.at_end();
}

bool read_list_extensions(ByteView list, Crl::Fields& fields) {
  bool has_number = false;
  const bool well_formed = each_extension(list, [&](const x509::Extension& extension) {
    if (extension.oid == kCrlNumber) {
      has_number = true;
      if (extension.critical) fields.unusable = "its number is marked critical (RFC 5280 section 5.2.3)";
    } else if (extension.oid == kIssuingDistributionPoint) {
      return read_issuing_distribution_point(extension.value, fields);
    } else if (extension.oid == kDeltaCrlIndicator) {
      fields.unusable = "it is a delta list, which says nothing without its base";
    } else if (extension.critical && extension.oid != oid::kAuthorityKeyIdentifier &&
               extension.oid != oid::kIssuerAltName && extension.oid != kFreshestCrl) {
      fields.unusable =
          fmt::format("it has a critical extension that is not understood: {}", x509::oid_name(extension.oid));
    }
    return true;
  });
  if (!has_number && fields.unusable.empty()) fields.unusable = "it has no number (RFC 5280 section 5.2.3)";
  return well_formed;
}

std::optional<Time> next_time(der::Reader& reader) {
  const auto tag = reader.peek();
  if (!tag || (*tag != der::kUtcTime && *tag != der::kGeneralizedTime)) return std::nullopt;
  const auto element = reader.next();
  const auto time = element ? x509::time_from_asn1(*element) : std::nullopt;
  return time ? std::optional(time->time) : std::nullopt;
}

const char* read_tbs(ByteView content, Crl::Fields& fields) {
  der::Reader reader(content);
  const bool versioned = reader.next(der::kInteger).has_value();
  const auto algorithm = reader.next(der::kSequence);
  const auto issuer = reader.next(der::kSequence);
  if (!algorithm || !issuer) return "a field is missing";
  if (!equal(algorithm->whole, fields.algorithm)) return "the signature algorithm inside differs from the one outside";
  auto name = x509::Name::from_der(issuer->whole);
  if (!name) return "its issuer is no distinguished name";
  fields.issuer = std::move(*name);
  const auto this_update = next_time(reader);
  if (!this_update) return "it has no date";
  fields.this_update = *this_update;
  fields.next_update = next_time(reader);
  if (const auto revoked = reader.next(der::kSequence)) fields.revoked = revoked->content;
  if (const auto wrapper = reader.next(der::context(0))) {
    der::Reader inner(wrapper->content);
    const auto list = inner.next(der::kSequence);
    if (!list || !inner.at_end() || !read_list_extensions(list->content, fields))
      return "its extensions cannot be read";
  } else {
    fields.unusable = versioned ? "it has no number (RFC 5280 section 5.2.3)" : "";
  }
  return reader.at_end() ? nullptr : "data follows its extensions";
}

std::string_view reason_text(std::uint8_t code) {
  constexpr std::array<std::string_view, 11> kReasons = {"unspecified",
                                                         "key compromise",
                                                         "CA compromise",
                                                         "affiliation changed",
                                                         "superseded",
                                                         "cessation of operation",
                                                         "certificate hold",
                                                         "",
                                                         "removed from the list",
                                                         "privilege withdrawn",
                                                         "AA compromise"};
  return code < kReasons.size() ? kReasons[code] : "";
}

// The entry of the serial number, if any; `malformed` where the list cannot be read to its end.
struct Entry {
  bool found = false;
  bool malformed = false;
  std::string reason = {};
};

Entry find_entry(ByteView revoked, ByteView serial) {
  for (der::Reader list(revoked); !list.at_end();) {
    const auto element = list.next(der::kSequence);
    if (!element) return {.malformed = true};
    der::Reader parts(element->content);
    const auto number = parts.next(der::kInteger);
    if (!number) return {.malformed = true};
    if (!equal(number->content, serial)) continue;
    Entry entry{.found = true};
    if (const auto since = next_time(parts)) entry.reason = "since " + rfc3339(*since);
    const auto extensions = parts.next(der::kSequence);
    const bool well_formed = !extensions || each_extension(extensions->content, [&](const x509::Extension& extension) {
      if (extension.oid == kReasonCode && extension.value.size() == 3) {
        const std::string_view text = reason_text(extension.value[2]);
        if (!text.empty()) entry.reason += fmt::format(" ({})", text);
      }
      return !(extension.critical && extension.oid == kCertificateIssuer);
    });
    if (!well_formed) return {.malformed = true};
    return entry;
  }
  return {};
}

// Distribution points of the certificate (RFC 5280 section 4.2.1.13).
std::vector<x509::GeneralName> distribution_points(const x509::CertificateFields& certificate) {
  std::vector<x509::GeneralName> names;
  for (const x509::Extension& extension : certificate.extensions) {
    if (extension.oid != oid::kCrlDistributionPoints) continue;
    const auto list = der::Reader(extension.value).next(der::kSequence);
    if (!list) return names;
    for (der::Reader points(list->content); !points.at_end();) {
      const auto point = points.next(der::kSequence);
      if (!point) return names;
      if (const auto name = der::Reader(point->content).next(der::context(0))) {
        static_cast<void>(read_full_name(name->content, names));
      }
    }
  }
  return names;
}

bool in_scope(const Crl::Fields& crl, const x509::CertificateFields& certificate) {
  const bool ca = certificate.basic_constraints && certificate.basic_constraints->ca;
  if ((ca && crl.users_only) || (!ca && crl.cas_only)) return false;
  if (crl.distribution_points.empty()) return true;
  const auto points = distribution_points(certificate);
  return std::ranges::any_of(crl.distribution_points, [&](const x509::GeneralName& a) {
    return std::ranges::any_of(points,
                               [&](const x509::GeneralName& b) { return a.kind == b.kind && equal(a.value, b.value); });
  });
}

// Why the list must not decide; empty where it may.
std::string why_unusable(const Crl::Fields& crl, const x509::CertificateFields& issuer, Time now) {
  if (!crl.unusable.empty()) return crl.unusable;
  if (now < crl.this_update) return fmt::format("it is dated {}", rfc3339(crl.this_update));
  if (!crl.next_update) return "it does not say when the next one is due";
  if (now > *crl.next_update) return fmt::format("it is out of date since {}", rfc3339(*crl.next_update));
  if (issuer.key_usage && !(*issuer.key_usage & x509::kCrlSign))
    return "its issuer may not sign revocation lists (keyUsage)";
  const std::string digest = x509::signature_algorithm(crl.algorithm).digest;
  if (digest == "MD5" || digest == "MD2") return "it is signed with " + digest;
  if (issuer.public_key.verify(crl.algorithm, crl.tbs, crl.signature) != x509::SignatureStatus::kGood) {
    return "its signature is wrong";
  }
  return {};
}

}  // namespace

Result<Crl> Crl::from_der(ByteView der) {
  auto fields = std::make_shared<Fields>();
  fields->der = to_bytes(der);
  der::Reader outer(fields->der);
  const auto list = outer.next(der::kSequence);
  if (!list || !outer.at_end()) return std::unexpected(malformed("it is no DER SEQUENCE, or it is cut off"));
  der::Reader parts(list->content);
  const auto tbs = parts.next(der::kSequence);
  const auto algorithm = parts.next(der::kSequence);
  const auto signature = parts.next(der::kBitString);
  if (!tbs || !algorithm || !signature || !parts.at_end() || signature->content.empty() || signature->content[0] != 0) {
    return std::unexpected(malformed("it is not tbsCertList, algorithm, signature"));
  }
  fields->tbs = tbs->whole;
  fields->algorithm = algorithm->whole;
  fields->signature = signature->content.subspan(1);
  if (const char* wrong = read_tbs(tbs->content, *fields)) return std::unexpected(malformed(wrong));
  return Crl(std::move(fields));
}

Result<std::vector<Crl>> Crl::read_all(ByteView file) {
  std::vector<Crl> crls;
  if (!file.empty() && file[0] == der::kSequence) {
    CERTFERRY_ASSIGN(Crl crl, from_der(file));
    crls.push_back(std::move(crl));
    return crls;
  }
  std::string_view text = as_text(file);
  while (true) {
    const auto begin = text.find("-----BEGIN X509 CRL-----");
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin + std::string_view("-----BEGIN X509 CRL-----").size());
    const auto end = text.find("-----END X509 CRL-----");
    if (end == std::string_view::npos) return std::unexpected(malformed("it is cut off"));
    const auto der = from_base64(text.substr(0, end));
    if (!der) return std::unexpected(malformed("its Base64 is damaged"));
    CERTFERRY_ASSIGN(Crl crl, from_der(*der));
    crls.push_back(std::move(crl));
    text.remove_prefix(end);
  }
  if (crls.empty()) return std::unexpected(malformed("the file holds none, neither in DER nor in PEM"));
  return crls;
}

const x509::Name& Crl::issuer() const { return fields_->issuer; }
Time Crl::this_update() const { return fields_->this_update; }
std::optional<Time> Crl::next_update() const { return fields_->next_update; }

RevocationStatus revocation_of(const x509::CertificateFields& certificate, const x509::CertificateFields& issuer,
                               std::span<const Crl> crls, Time now) {
  RevocationStatus status;
  for (const Crl& crl : crls) {
    const Crl::Fields& fields = crl.fields();
    if (fields.issuer != certificate.issuer || !in_scope(fields, certificate)) continue;
    std::string reason = why_unusable(fields, issuer, now);
    if (reason.empty()) {
      const Entry entry = find_entry(fields.revoked, certificate.serial);
      if (entry.found) return {Revocation::kRevoked, entry.reason};
      if (!entry.malformed) {
        status = {Revocation::kGood, {}};
        continue;
      }
      reason = "its entries cannot be read";
    }
    if (status.revocation == Revocation::kNoList) status = {Revocation::kUnusable, std::move(reason)};
  }
  return status;
}

}  // namespace certferry::chain
