#include <fmt/format.h>
#include <libpsl.h>

#include <algorithm>
#include <set>

#include "base/ascii.h"
#include "checks/names.h"
#include "checks/rules.h"

namespace certferry::checks {
namespace {

using x509::GeneralName;
namespace oid = x509::oid;

const std::vector<GeneralName>& alt_names(const Context& context) {
  static const std::vector<GeneralName> kNone;
  return context.leaf->subject_alt_names ? *context.leaf->subject_alt_names : kNone;
}

bool tls_server(const Context& context) {
  return std::ranges::any_of(context.types,
                             [](const fleet::Type& type) { return type.purpose == fleet::Purpose::kTlsServer; });
}

bool control_character(char c) {
  auto octet = static_cast<unsigned char>(c);
  return octet < 0x20 || octet == 0x7f;
}

// Text for a message about a name that must not reach a terminal as it is.
std::string visible(std::string_view text) {
  std::string shown;
  for (char c : text) {
    if (control_character(c)) {
      shown += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
    } else {
      shown += c;
    }
  }
  return shown;
}

bool private_address(ByteView octets) {
  if (octets.size() == 4) {
    return octets[0] == 10 || octets[0] == 127 || (octets[0] == 172 && (octets[1] & 0xf0) == 16) ||
           (octets[0] == 192 && octets[1] == 168) || (octets[0] == 169 && octets[1] == 254);
  }
  // fc00::/7 and fe80::/10
  return octets.size() == 16 && ((octets[0] & 0xfe) == 0xfc || (octets[0] == 0xfe && (octets[1] & 0xc0) == 0x80));
}

}  // namespace

void names_present(const Context& context, Reporter& report) {
  bool has_name = std::ranges::any_of(alt_names(context), [](const GeneralName& name) {
    return name.kind == GeneralName::Kind::kDns || name.kind == GeneralName::Kind::kIp;
  });
  if (has_name) return;
  if (tls_server(context)) {
    report.add("the certificate has no DNS name and no IP address in its subjectAltName: clients refuse it");
  } else if (context.types.empty() && !context.leaf.is_ca()) {
    report.add(Severity::kWarning,
               "the certificate has no DNS name and no IP address in its subjectAltName: it cannot serve TLS");
  }
}

void common_name_in_names(const Context& context, Reporter& report) {
  std::string_view common_name = context.leaf->subject.last(oid::kCommonName);
  bool host_name = common_name.find('.') != std::string_view::npos &&
                   (dns_problem(common_name).empty() || x509::ip_from_text(common_name));
  if (!host_name || !context.leaf->subject_alt_names || covers(context.leaf, common_name)) return;
  report.add(
      fmt::format("the common name {} is not among the alternative names: clients do not accept it", common_name));
}

void names_covered(const Context& context, Reporter& report) {
  for (const NeededName& needed : context.names) {
    if (covers(context.leaf, needed.name)) continue;
    report.add(needed.required ? Severity::kFatal : Severity::kWarning,
               fmt::format("{} is not covered ({})", needed.name, needed.because));
  }
}

void wildcard_form(const Context& context, Reporter& report) {
  for (const std::string& name : dns_names(context.leaf)) {
    std::size_t star = name.find('*');
    if (star == std::string::npos) continue;
    bool whole_first_label = name.starts_with("*.") && name.find('*', 1) == std::string::npos;
    if (!whole_first_label) {
      report.add(fmt::format("the star in {} is not the whole first label: clients ignore the name", visible(name)));
    }
  }
}

void wildcard_of_public_suffix(const Context& context, Reporter& report) {
  for (const std::string& name : dns_names(context.leaf)) {
    if (name == "*") report.add("the wildcard * covers every name");
    if (!name.starts_with("*.")) continue;
    std::string below = ascii_lower(std::string_view(name).substr(2));
    auto listed = [&](int kind) {
      return psl_is_public_suffix2(psl_builtin(), below.c_str(), kind | PSL_TYPE_NO_STAR_RULE) != 0;
    };
    if (listed(PSL_TYPE_ICANN)) {
      report.add(
          fmt::format("the wildcard {} covers a public suffix: everybody can register names below it", visible(name)));
    } else if (listed(PSL_TYPE_PRIVATE)) {
      // A company that gives out names (github.io, cloudapp.net) may hold such a certificate itself.
      report.add(Severity::kWarning,
                 fmt::format("the wildcard {} covers names that a company gives to its customers", visible(name)));
    } else if (below.find('.') == std::string::npos) {
      report.add(Severity::kWarning,
                 fmt::format("the wildcard {} stands right below the top: OpenSSL and others ignore it", visible(name)),
                 "have it issued for names one level deeper, or name by name");
    }
  }
}

void hostile_characters(const Context& context, Reporter& report) {
  auto hostile = [](std::string_view text) { return std::ranges::any_of(text, control_character); };
  for (const x509::NameAttribute& attribute : context.leaf->subject.attributes()) {
    if (!hostile(attribute.value)) continue;
    report.add(fmt::format("the subject's {} has NUL or control characters: {}", x509::oid_name(attribute.oid),
                           visible(attribute.value)));
  }
  for (const GeneralName& name : alt_names(context)) {
    bool text = name.kind == GeneralName::Kind::kDns || name.kind == GeneralName::Kind::kEmail ||
                name.kind == GeneralName::Kind::kUri;
    if (text && hostile(name.text())) {
      report.add(fmt::format("an alternative name has NUL or control characters: {}", visible(name.text())));
    }
  }
}

void malformed_names(const Context& context, Reporter& report) {
  for (const GeneralName& name : alt_names(context)) {
    if (name.kind == GeneralName::Kind::kDns) {
      std::string problem = dns_problem(name.text());
      if (!problem.empty()) report.add(fmt::format("the name '{}' is malformed: {}", visible(name.text()), problem));
    } else if (name.kind == GeneralName::Kind::kIp && name.value.size() != 4 && name.value.size() != 16) {
      report.add(fmt::format("an IP address has {} octets, not 4 or 16", name.value.size()));
    }
  }
}

void internal_names(const Context& context, Reporter& report) {
  if (!context.chain_result || !context.chain_result->public_anchor) return;
  static const std::set<std::string> kPrivate = {"local",    "localhost", "internal", "lan",     "home",   "corp",
                                                 "intranet", "private",   "test",     "invalid", "example"};
  for (const GeneralName& name : alt_names(context)) {
    if (name.kind == GeneralName::Kind::kIp && private_address(name.value)) {
      report.add(fmt::format("{} is a private address", x509::ip_text(name.value)));
    }
    if (name.kind != GeneralName::Kind::kDns) continue;
    std::vector<std::string> labels = labels_of(name.text());
    if (labels.size() == 1 || kPrivate.contains(ascii_lower(std::string_view(labels.back())))) {
      report.add(fmt::format("{} is an internal name", visible(name.text())));
    }
  }
}

void repeated_names(const Context& context, Reporter& report) {
  std::set<std::string> seen, told;
  for (const GeneralName& name : alt_names(context)) {
    std::string shown = ascii_lower(std::string_view(name.display()));
    std::string key = std::to_string(static_cast<int>(name.kind)) + ascii_lower(name.text());
    if (!seen.insert(key).second && told.insert(key).second) {
      report.add(fmt::format("{} is there more than once", visible(shown)));
    }
  }
}

void many_names(const Context& context, Reporter& report) {
  if (std::size_t count = alt_names(context).size(); count > 100) {
    report.add(fmt::format("the certificate has {} names", count));
  }
}

void subject_empty(const Context& context, Reporter& report) {
  if (context.leaf->subject.empty() && context.leaf->subject_alt_names &&
      !context.leaf.has_critical(oid::kSubjectAltName)) {
    report.add("the subject is empty, so the subjectAltName must be critical, and is not");
  }
}

}  // namespace certferry::checks
