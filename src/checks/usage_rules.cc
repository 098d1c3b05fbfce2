#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "checks/rules.h"

namespace certferry::checks {
namespace {

namespace oid = x509::oid;

std::string usage_oid(std::string_view name) {
  constexpr std::pair<std::string_view, x509::Oid> kNames[] = {
      {"serverAuth", oid::kServerAuth},     {"clientAuth", oid::kClientAuth},
      {"codeSigning", oid::kCodeSigning},   {"emailProtection", oid::kEmailProtection},
      {"timeStamping", oid::kTimeStamping}, {"OCSPSigning", oid::kOcspSigning}};
  for (const auto& [known, value] : kNames) {
    if (known == name) return std::string(value);
  }
  return x509::oid_from_dotted(name);
}

// No extension restricts nothing.
bool allows(const x509::Certificate& certificate, std::string_view usage) {
  const auto& usages = certificate->extended_key_usage;
  if (!usages) return true;
  return std::ranges::any_of(*usages,
                             [&](x509::Oid each) { return each == usage || each == oid::kAnyExtendedKeyUsage; });
}

bool has(const x509::Certificate& certificate, x509::Oid usage) {
  const auto& usages = certificate->extended_key_usage;
  return usages && std::ranges::find(*usages, usage) != usages->end();
}

std::string names_of(const std::vector<const fleet::Type*>& types) {
  std::vector<std::string> names;
  for (const fleet::Type* type : types) names.push_back(type->name);
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

void extended_usage(const Context& context, Reporter& report) {
  // One finding for each usage, naming all types that miss it.
  std::vector<std::pair<std::string, std::vector<const fleet::Type*>>> missing;
  for (const fleet::Type& type : context.types) {
    for (const std::string& usage : type.extended_key_usages) {
      if (allows(context.leaf, usage_oid(usage))) continue;
      auto entry = std::ranges::find(missing, usage, [](const auto& each) { return each.first; });
      if (entry == missing.end()) entry = missing.insert(missing.end(), {usage, {}});
      entry->second.push_back(&type);
    }
  }
  for (const auto& [usage, types] : missing) {
    report.add(fmt::format("the extended key usage {} is missing, {} needs it", usage, names_of(types)));
  }
}

void client_usage(const Context& context, Reporter& report) {
  if (allows(context.leaf, oid::kClientAuth)) return;
  std::vector<const fleet::Type*> types;
  for (const fleet::Type& type : context.types) {
    if (type.mutual_tls) types.push_back(&type);
  }
  if (types.empty()) return;
  report.add(
      fmt::format("the extended key usage clientAuth is missing: {} speaks mutual TLS, and other servers will "
                  "refuse connections that this one opens",
                  names_of(types)));
}

void key_usage(const Context& context, Reporter& report) {
  const auto& usage = context.leaf->key_usage;
  if (context.types.empty() || !usage || (*usage & x509::kDigitalSignature) != 0) return;
  bool all_tls = std::ranges::all_of(context.types, [](const fleet::Type& type) { return type.tls(); });
  bool old_rsa =
      (*usage & x509::kKeyEncipherment) != 0 && context.leaf->public_key.algorithm() == x509::KeyAlgorithm::kRsa;
  if (all_tls && old_rsa) {
    report.add(Severity::kWarning,
               "the key usage has keyEncipherment without digitalSignature: only RSA key exchange works, which TLS 1.3 "
               "and most clients have left behind");
  } else {
    report.add("the key usage does not have digitalSignature: neither handshakes nor tokens can be signed");
  }
}

void ca_as_leaf(const Context& context, Reporter& report) {
  if (!context.leaf.is_ca()) return;
  // What "openssl req -x509" makes: odd, but it serves.
  if (context.leaf.self_signed()) {
    report.add(Severity::kWarning,
               "the self-signed certificate is marked as a CA: strict clients refuse it as a server's",
               "make it with basicConstraints=CA:FALSE, or use a CA");
  } else {
    report.add("the certificate is a CA's: it is made to sign others, not for a server");
  }
}

void cert_sign_without_ca(const Context& context, Reporter& report) {
  const auto& usage = context.leaf->key_usage;
  if (usage && (*usage & x509::kKeyCertSign) != 0 && !context.leaf.is_ca()) {
    report.add("the key usage has keyCertSign, but basicConstraints does not say that it is a CA");
  }
}

void any_usage(const Context& context, Reporter& report) {
  if (has(context.leaf, oid::kAnyExtendedKeyUsage)) {
    report.add("the extended key usage anyExtendedKeyUsage allows everything");
  }
  if (!has(context.leaf, oid::kServerAuth)) return;
  for (auto [usage, name] : {std::pair{oid::kCodeSigning, "codeSigning"},
                             {oid::kEmailProtection, "emailProtection"},
                             {oid::kTimeStamping, "timeStamping"},
                             {oid::kOcspSigning, "OCSPSigning"}}) {
    if (has(context.leaf, usage)) report.add(fmt::format("the extended key usage {} stands beside serverAuth", name));
  }
}

void must_staple(const Context& context, Reporter& report) {
  if (!context.leaf->must_staple) return;
  report.add(context.leaf->ocsp_urls.empty()
                 ? "clients want an OCSP answer stapled, but the certificate names no OCSP server to get it from"
                 : "clients that know must-staple refuse the certificate while no OCSP answer is stapled");
}

void precertificate(const Context& context, Reporter& report) {
  if (context.leaf.extension(oid::kPrecertificatePoison)) {
    report.add("it is a precertificate: made for transparency logs, every client refuses it");
  }
}

void unknown_critical(const Context& context, Reporter& report) {
  constexpr std::array kKnown = {oid::kSubjectKeyIdentifier,
                                 oid::kKeyUsage,
                                 oid::kSubjectAltName,
                                 oid::kIssuerAltName,
                                 oid::kBasicConstraints,
                                 oid::kNameConstraints,
                                 oid::kCrlDistributionPoints,
                                 oid::kCertificatePolicies,
                                 oid::kPolicyMappings,
                                 oid::kAuthorityKeyIdentifier,
                                 oid::kPolicyConstraints,
                                 oid::kExtendedKeyUsage,
                                 oid::kInhibitAnyPolicy,
                                 oid::kAuthorityInfoAccess,
                                 oid::kTlsFeature,
                                 oid::kPrecertificatePoison};
  for (const x509::Extension& extension : context.leaf->extensions) {
    if (extension.critical && std::ranges::find(kKnown, extension.oid) == kKnown.end()) {
      report.add(fmt::format("the critical extension {} is unknown", x509::oid_name(extension.oid)));
    }
  }
}

}  // namespace certferry::checks
