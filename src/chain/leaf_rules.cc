#include "chain/leaf_rules.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"

namespace certferry::chain {
namespace {

using x509::CertificateFields;
using x509::GeneralName;
namespace oid = x509::oid;

constexpr std::string_view kAskCa = "ask the CA to issue it again in the form that the source describes";

void judge_usage(const x509::Certificate& certificate, const CertificateRules& rules, Judge& judge) {
  const CertificateFields& fields = *certificate;
  const bool ca = fields.basic_constraints && fields.basic_constraints->ca;
  const bool signs = fields.key_usage && (*fields.key_usage & x509::kKeyCertSign);
  if (ca) {
    judge.departure("CF1349", fmt::format("{} is a CA certificate", described(fields, Role::kLeaf)),
                    "use a certificate of its own for the service", "CA/B Forum BR section 7.1.2.7.8");
  }
  if (signs != ca && (signs || fields.key_usage)) {
    judge.departure(
        "CF1336",
        fmt::format("keyUsage and basicConstraints of {} contradict each other", described(fields, Role::kLeaf)),
        kAskCa, "RFC 5280 section 4.2.1.9");
  }
  if (certificate.extension(oid::kNameConstraints)) {
    judge.departure("CF1338",
                    fmt::format("{} has name constraints, which only a CA may have", described(fields, Role::kLeaf)),
                    kAskCa, "RFC 5280 section 4.2.1.10");
  }
  if (rules.purpose.empty()) return;
  const auto& usages = fields.extended_key_usage;
  if (!usages) {
    if (judge.mode() == Mode::kWeb) {
      judge.fatal("CF1337", fmt::format("{} has no extended key usage", described(fields, Role::kLeaf)), kAskCa,
                  "CA/B Forum BR section 7.1.2.7.6");
    }
    return;
  }
  const auto has = [&](x509::Oid usage) { return std::ranges::find(*usages, usage) != usages->end(); };
  if (!has(rules.purpose) && !has(oid::kAnyExtendedKeyUsage)) {
    judge.fatal("CF1313",
                fmt::format("{} is not for {} (extendedKeyUsage)", described(fields, Role::kLeaf),
                            x509::oid_name(rules.purpose)),
                "get a certificate whose extended key usage has it", "RFC 5280 section 4.2.1.12");
  }
  if (has(oid::kAnyExtendedKeyUsage) || certificate.has_critical(oid::kExtendedKeyUsage)) {
    judge.departure("CF1337",
                    fmt::format("the extended key usage of {} {}", described(fields, Role::kLeaf),
                                has(oid::kAnyExtendedKeyUsage) ? "allows everything" : "is critical"),
                    kAskCa, "CA/B Forum BR section 7.1.2.7.10");
  }
}

void judge_alt_name(const CertificateFields& fields, const GeneralName& name, Judge& judge) {
  const auto bad = [&](std::string_view what) {
    judge.departure("CF1342",
                    fmt::format("the name '{}' of {} {}", name.display(), described(fields, Role::kLeaf), what), kAskCa,
                    "RFC 5280 section 4.2.1.6");
  };
  switch (name.kind) {
    case GeneralName::Kind::kDns:
      switch (dns_shape(name.text())) {
        case DnsShape::kHost:
        case DnsShape::kWildcard: return;
        case DnsShape::kUnderscore: return bad("has an underscore");
        case DnsShape::kIpAddress: return bad("is an IP address written as a DNS name");
        case DnsShape::kOther: return bad("is no DNS name");
      }
      return;
    case GeneralName::Kind::kIp:
      if (name.value.size() != 4 && name.value.size() != 16) bad("is no IP address");
      return;
    case GeneralName::Kind::kEmail:
      if (!split_mailbox(name.text())) bad("is no mail address");
      return;
    default: return;
  }
}

// What an IP address in any spelling means: "0xC0A80101", "192.168.001.001", "2001:DB8::1".
std::optional<Bytes> any_ip(const std::string& text) {
  if (auto ip = x509::ip_from_text(text)) return ip;
  in_addr address{};
  if (text.find_first_not_of("0123456789abcdefABCDEFxX.") != std::string::npos ||
      text.find_first_of("0123456789") != 0) {
    return std::nullopt;
  }
  if (inet_aton(text.c_str(), &address) == 0) return std::nullopt;
  const auto* octets = reinterpret_cast<const std::uint8_t*>(&address.s_addr);
  return Bytes(octets, octets + 4);
}

enum class CommonName { kCopy, kMisspelt, kUnrelated, kSibling };

bool same_parent(std::string_view a, std::string_view b) {
  const auto dot_a = a.find('.');
  const auto dot_b = b.find('.');
  return dot_a != std::string_view::npos && dot_b != std::string_view::npos &&
         equal_ignoring_case(a.substr(dot_a), b.substr(dot_b));
}

// How the common name stands to the subjectAltName, of which the Baseline Requirements want it to be a copy. Nothing
// is ever matched by it, so only what may deceive people is held against it: another spelling of one of the names
// ("Example.COM", "0xC0A80101", a U-label), or a name beside them, in the same domain, that is missing.
CommonName common_name_kind(const std::string& common_name, const std::vector<GeneralName>& names) {
  CommonName result = CommonName::kUnrelated;
  const bool ascii = std::ranges::all_of(common_name, [](unsigned char c) { return c < 0x80; });
  const bool dotted = common_name.find('.') != std::string::npos && common_name.find(' ') == std::string::npos;
  const auto ip = any_ip(common_name);
  for (const GeneralName& name : names) {
    if (name.display() == common_name) return CommonName::kCopy;
    if (name.kind == GeneralName::Kind::kIp) {
      if (ip && equal(*ip, name.value)) result = CommonName::kMisspelt;
    } else if (name.kind == GeneralName::Kind::kDns) {
      const bool case_only = equal_ignoring_case(common_name, name.text());
      const bool u_label = !ascii && dotted && name.text().find("xn--") != std::string_view::npos;
      if (case_only || u_label) result = CommonName::kMisspelt;
      const DnsShape shape = dns_shape(common_name);
      const bool host = shape == DnsShape::kHost || shape == DnsShape::kWildcard;
      if (result == CommonName::kUnrelated && host && same_parent(common_name, name.text()))
        result = CommonName::kSibling;
    }
  }
  return result;
}

void judge_common_name(const CertificateFields& fields, Judge& judge) {
  const std::string common_name(fields.subject.last(oid::kCommonName));
  if (common_name.empty()) return;
  const CommonName kind = common_name_kind(common_name, *fields.subject_alt_names);
  if (kind == CommonName::kCopy) return;
  const std::string message =
      fmt::format("the common name '{}' is not among the names of the certificate", common_name);
  const std::string_view fix =
      "rely on the names alone, or have the certificate issued with the common name as one of them";
  const std::string_view source = "CA/B Forum BR section 7.1.4.3";
  if (kind == CommonName::kUnrelated) {
    // "Mail gateway 2" is no name that anybody would look for in the subjectAltName.
    const bool looks_like_name =
        common_name.find('.') != std::string::npos && common_name.find(' ') == std::string::npos;
    if (looks_like_name) judge.warning("CF1344", message, fix, source);
  } else {
    judge.departure("CF1344", message, fix, source);
  }
}

void judge_names(const x509::Certificate& certificate, Judge& judge) {
  const CertificateFields& fields = *certificate;
  if (!fields.subject_alt_names) {
    judge.departure(
        "CF1340",
        fmt::format("{} has no subjectAltName, so that it is for no name at all", described(fields, Role::kLeaf)),
        "have it issued with its names as subjectAltName: programs no longer read the common name",
        "RFC 9525 section 2");
    return;
  }
  if (certificate.has_critical(oid::kSubjectAltName) != fields.subject.empty()) {
    judge.departure("CF1341",
                    fmt::format("subjectAltName of {} is {}", described(fields, Role::kLeaf),
                                fields.subject.empty() ? "not critical though the subject is empty"
                                                       : "critical though there is a subject"),
                    kAskCa, "RFC 5280 section 4.2.1.6");
  }
  if (fields.subject_alt_names->empty()) {
    judge.departure("CF1341", fmt::format("subjectAltName of {} is empty", described(fields, Role::kLeaf)), kAskCa,
                    "RFC 5280 section 4.2.1.6");
  }
  for (const GeneralName& name : *fields.subject_alt_names) judge_alt_name(fields, name, judge);
  judge_common_name(fields, judge);
}

}  // namespace

void judge_leaf(const x509::Certificate& certificate, const CertificateRules& rules, Judge& judge) {
  judge_usage(certificate, rules, judge);
  judge_names(certificate, judge);
}

}  // namespace certferry::chain
