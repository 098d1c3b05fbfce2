#include "x509/extensions.h"

#include "x509/der.h"

namespace certferry::x509 {
namespace {

constexpr std::uint8_t kContext0 = 0x80;
constexpr std::uint8_t kContext2 = 0x82;

// The content of a SEQUENCE that is all of `value`.
std::optional<ByteView> sequence(ByteView value) {
  der::Reader outer(value);
  const auto element = outer.next(der::kSequence);
  if (!element || !outer.at_end()) return std::nullopt;
  return element->content;
}

bool read_basic_constraints(ByteView value, CertificateFields& fields) {
  const auto content = sequence(value);
  if (!content) return false;
  BasicConstraints constraints;
  der::Reader reader(*content);
  if (const auto ca = reader.next(der::kBoolean)) {
    if (ca->content.size() != 1) return false;
    constraints.ca = ca->content[0] != 0;
    if (ca->content[0] != 0xff) {
      fields.defects.push_back(
          {Defect::Kind::kNotDer, std::string(oid::kBasicConstraints), "basicConstraints: cA is not written as DER"});
    }
  }
  if (const auto length = reader.next(der::kInteger)) {
    if (length->content.empty() || length->content.size() > 4 || (length->content[0] & 0x80)) return false;
    std::uint32_t number = 0;
    for (std::uint8_t octet : length->content) number = number << 8 | octet;
    constraints.path_length = number;
  }
  if (!reader.at_end()) return false;
  fields.basic_constraints = constraints;
  return true;
}

bool read_key_usage(ByteView value, CertificateFields& fields) {
  der::Reader reader(value);
  const auto bits = reader.next(der::kBitString);
  if (!bits || !reader.at_end() || bits->content.empty() || bits->content.size() > 3 || bits->content[0] > 7)
    return false;
  std::uint16_t usage = 0;
  for (std::size_t bit = 0; bit < 8 * (bits->content.size() - 1) && bit < 9; ++bit) {
    if (bits->content[1 + bit / 8] & (0x80 >> bit % 8)) usage = static_cast<std::uint16_t>(usage | 1u << bit);
  }
  fields.key_usage = usage;
  return true;
}

bool read_extended_key_usage(ByteView value, CertificateFields& fields) {
  const auto content = sequence(value);
  if (!content || content->empty()) return false;
  std::vector<Oid> usages;
  for (der::Reader reader(*content); !reader.at_end();) {
    const auto usage = reader.next(der::kOid);
    if (!usage) return false;
    usages.push_back(to_oid(usage->content));
  }
  fields.extended_key_usage = std::move(usages);
  return true;
}

std::optional<std::vector<GeneralSubtree>> read_subtrees(ByteView content) {
  std::vector<GeneralSubtree> subtrees;
  for (der::Reader reader(content); !reader.at_end();) {
    const auto element = reader.next(der::kSequence);
    if (!element) return std::nullopt;
    der::Reader fields(element->content);
    const auto base = fields.next();
    if (!base) return std::nullopt;
    auto name = general_name_from_der(base->whole);
    if (!name) return std::nullopt;
    subtrees.push_back({std::move(*name), !fields.at_end()});
  }
  return subtrees;
}

bool read_name_constraints(ByteView value, CertificateFields& fields) {
  const auto content = sequence(value);
  if (!content) return false;
  NameConstraints constraints;
  der::Reader reader(*content);
  for (const auto& [tag, list] :
       {std::pair{der::context(0), &constraints.permitted}, std::pair{der::context(1), &constraints.excluded}}) {
    if (const auto element = reader.next(tag)) {
      auto subtrees = read_subtrees(element->content);
      if (!subtrees) return false;
      *list = std::move(*subtrees);
    }
  }
  if (!reader.at_end()) return false;
  fields.name_constraints = std::move(constraints);
  return true;
}

bool read_authority_key_identifier(ByteView value, CertificateFields& fields) {
  const auto content = sequence(value);
  if (!content) return false;
  AuthorityKeyIdentifier identifier;
  der::Reader reader(*content);
  if (const auto key_id = reader.next(kContext0)) identifier.key_id = to_bytes(key_id->content);
  if (const auto issuer = reader.next(der::context(1))) {
    for (der::Reader names(issuer->content); !names.at_end();) {
      const auto element = names.next();
      if (!element) return false;
      auto name = general_name_from_der(element->whole);
      if (!name) return false;
      identifier.issuer.push_back(std::move(*name));
    }
  }
  if (const auto serial = reader.next(kContext2)) identifier.serial = to_bytes(serial->content);
  if (!reader.at_end()) return false;
  fields.authority_key_id = std::move(identifier);
  return true;
}

bool read_authority_info_access(ByteView value, CertificateFields& fields) {
  const auto content = sequence(value);
  if (!content) return false;
  for (der::Reader reader(*content); !reader.at_end();) {
    const auto description = reader.next(der::kSequence);
    if (!description) return false;
    der::Reader parts(description->content);
    const auto method = parts.next(der::kOid);
    const auto location = parts.next();
    if (!method || !location) return false;
    const auto name = general_name_from_der(location->whole);
    if (!name) return false;
    if (name->kind != GeneralName::Kind::kUri) continue;
    if (to_oid(method->content) == oid::kAccessOcsp) fields.ocsp_urls.push_back(name->display());
    if (to_oid(method->content) == oid::kAccessCaIssuers) fields.ca_issuer_urls.push_back(name->display());
  }
  return true;
}

// RFC 7633: feature 5 (status_request) is "must staple".
bool read_tls_feature(ByteView value, CertificateFields& fields) {
  const auto content = sequence(value);
  if (!content) return false;
  for (der::Reader reader(*content); !reader.at_end();) {
    const auto feature = reader.next(der::kInteger);
    if (!feature) return false;
    if (feature->content.size() == 1 && feature->content[0] == 5) fields.must_staple = true;
  }
  return true;
}

}  // namespace

bool read_extension(const Extension& extension, CertificateFields& fields) {
  const ByteView value = extension.value;
  if (extension.oid == oid::kBasicConstraints) return read_basic_constraints(value, fields);
  if (extension.oid == oid::kKeyUsage) return read_key_usage(value, fields);
  if (extension.oid == oid::kExtendedKeyUsage) return read_extended_key_usage(value, fields);
  if (extension.oid == oid::kNameConstraints) return read_name_constraints(value, fields);
  if (extension.oid == oid::kAuthorityKeyIdentifier) return read_authority_key_identifier(value, fields);
  if (extension.oid == oid::kAuthorityInfoAccess) return read_authority_info_access(value, fields);
  if (extension.oid == oid::kTlsFeature) return read_tls_feature(value, fields);
  if (extension.oid == oid::kSubjectAltName) {
    auto names = general_names_from_der(value);
    if (names) fields.subject_alt_names = std::move(*names);
    return names.has_value();
  }
  if (extension.oid == oid::kSubjectKeyIdentifier) {
    der::Reader reader(value);
    const auto id = reader.next(der::kOctetString);
    if (!id || !reader.at_end()) return false;
    fields.subject_key_id = to_bytes(id->content);
  }
  return true;
}

}  // namespace certferry::x509
