#include "fleet/scope.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/suggest.h"

namespace certferry::fleet {
namespace {

using namespace std::string_view_literals;

// Roles of the original's services; the fqdn after one of them is a pool's.
constexpr std::array kRoles = {"ApplicationDatabase"sv,
                               "ApplicationServer"sv,
                               "ArchivingDatabase"sv,
                               "ArchivingServer"sv,
                               "CentralManagement"sv,
                               "CentralManagementDatabase"sv,
                               "ConferencingServer"sv,
                               "Director"sv,
                               "EdgeServer"sv,
                               "ExternalServer"sv,
                               "FileStore"sv,
                               "ManagementServer"sv,
                               "MediationServer"sv,
                               "MonitoringDatabase"sv,
                               "MonitoringServer"sv,
                               "PersistentChatComplianceDatabase"sv,
                               "PersistentChatDatabase"sv,
                               "PersistentChatServer"sv,
                               "PersistentChatStore"sv,
                               "ProvisionServer"sv,
                               "PstnGateway"sv,
                               "Registrar"sv,
                               "TrustedApplicationPool"sv,
                               "UserDatabase"sv,
                               "UserServer"sv,
                               "UserStore"sv,
                               "VideoGateway"sv,
                               "VideoInteropServer"sv,
                               "WacService"sv,
                               "WebServer"sv,
                               "WitnessStore"sv,
                               "XmppGateway"sv};

constexpr std::string_view kForms = "write Global, site:<name>, pool:<fqdn> or computer:<fqdn>";

std::unexpected<Error> bad_fqdn(std::string_view text, std::string_view reason) {
  return fail(ErrorKind::kUsage, "CF1905", fmt::format("'{}' is not a host name: {}", text, reason),
              "write the name as DNS knows it, as in web01.litwareinc.com");
}

Result<Scope> parse_site(std::string_view name) {
  bool printable = std::ranges::all_of(name, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
  if (name.empty() || name.size() > 128 || !printable || name.find('/') != std::string_view::npos) {
    return fail(ErrorKind::kUsage, "CF1904", fmt::format("'{}' cannot be the name of a site", name),
                "use 1 to 128 printable characters without '/'");
  }
  return Scope::site(name);
}

Result<Scope> with_fqdn(Scope::Kind kind, std::string_view text) {
  CERTFERRY_ASSIGN(std::string fqdn, parse_fqdn(text));
  return Scope{kind, std::move(fqdn)};
}

}  // namespace

Result<Scope> Scope::parse(std::string_view text) {
  if (equal_ignoring_case(text, "global")) return Scope::global();
  std::size_t colon = text.find(':');
  std::string_view head = text.substr(0, colon);
  if (colon != std::string_view::npos) {
    std::string_view rest = text.substr(colon + 1);
    if (equal_ignoring_case(head, "site")) return parse_site(rest);
    if (equal_ignoring_case(head, "pool")) return with_fqdn(Kind::kPool, rest);
    if (equal_ignoring_case(head, "computer")) return with_fqdn(Kind::kComputer, rest);
    if (std::size_t second = rest.find(':'); equal_ignoring_case(head, "service") && second != std::string_view::npos) {
      return with_fqdn(Kind::kPool, rest.substr(second + 1));
    }
    if (std::ranges::any_of(kRoles, [&](std::string_view role) { return equal_ignoring_case(head, role); })) {
      return with_fqdn(Kind::kPool, rest);
    }
  }
  std::vector<std::string> heads = {"Global", "site", "pool", "computer", "service"};
  heads.insert(heads.end(), kRoles.begin(), kRoles.end());
  return fail(ErrorKind::kUsage, "CF1904", fmt::format("'{}' is not a scope", text), suggestion(head, heads, kForms));
}

std::string Scope::text() const {
  switch (kind) {
    case Kind::kGlobal: return "Global";
    case Kind::kSite: return "site:" + name;
    case Kind::kPool: return "pool:" + name;
    case Kind::kComputer: return "computer:" + name;
  }
  return "Global";
}

std::string Scope::key() const { return ascii_lower(text()); }

Result<std::string> parse_fqdn(std::string_view text) {
  std::string_view rest = text;
  if (rest.ends_with('.')) rest.remove_suffix(1);
  if (rest.empty()) return bad_fqdn(text, "it is empty");
  if (rest.size() > 253) return bad_fqdn(text, "it has more than 253 characters");
  std::string fqdn = ascii_lower(rest);
  while (true) {
    std::size_t dot = rest.find('.');
    std::string_view label = rest.substr(0, dot);
    if (label.empty()) return bad_fqdn(text, "a label is empty");
    if (label.size() > 63) return bad_fqdn(text, "a label has more than 63 characters");
    if (label.front() == '-' || label.back() == '-') return bad_fqdn(text, "a label begins or ends with '-'");
    if (!std::ranges::all_of(label, [](char c) { return ascii_letter(c) || ascii_digit(c) || c == '-'; })) {
      return bad_fqdn(text, "a label has other characters than letters, digits and '-'");
    }
    if (dot == std::string_view::npos) {
      if (std::ranges::all_of(label, ascii_digit)) return bad_fqdn(text, "its last label is a number");
      return fqdn;
    }
    rest.remove_prefix(dot + 1);
  }
}

}  // namespace certferry::fleet
