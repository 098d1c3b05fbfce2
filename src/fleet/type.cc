#include "fleet/type.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "base/suggest.h"

namespace certferry::fleet {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr auto kServer = Purpose::kTlsServer;
constexpr auto kClient = Purpose::kTlsClient;
constexpr auto kTokens = Purpose::kTokenSigning;

constexpr seconds kUntilExpiry{-1};

struct BuiltIn {
  std::string_view name;
  Purpose purpose;
  bool mutual_tls;        // uses the certificate as a client too
  bool covers_computer;   // must cover the computer's fqdn
  bool eddsa;
  seconds coexistence;
  seconds lead;
  bool same_everywhere;
  std::string_view description;
};

// All of them take RSA from 2048 bits and P-256 and up. TLS servers need serverAuth, TLS clients clientAuth; token
// signers need no extended key usage but digitalSignature, and verifiers of their tokens rarely know EdDSA.
// clang-format off
constexpr BuiltIn kBuiltIn[] = {
  // name                     purpose  mutual computer EdDSA  coexistence   lead       same   description
  {"AccessEdgeExternal",      kServer, true,  false,   true,  kUntilExpiry, hours(0),  false, "SIP access edge, external interface"},
  {"AudioVideoAuthentication", kTokens, false, false,  false, hours(8),     hours(24), true,  "signs tokens of the audio/video edge"},
  {"DataEdgeExternal",        kServer, false, false,   true,  kUntilExpiry, hours(0),  false, "web conferencing edge, external interface"},
  {"Default",                 kServer, true,  true,    true,  kUntilExpiry, hours(0),  false, "servers among each other"},
  {"External",                kServer, true,  false,   true,  kUntilExpiry, hours(0),  false, "edge server, all external interfaces"},
  {"Internal",                kServer, false, true,    true,  kUntilExpiry, hours(0),  false, "edge server, internal interface"},
  {"iPadAPNService",          kClient, false, false,   true,  kUntilExpiry, hours(0),  false, "push notifications to iPads"},
  {"iPhoneAPNService",        kClient, false, false,   true,  kUntilExpiry, hours(0),  false, "push notifications to iPhones"},
  {"LogRetentionService",     kServer, false, false,   true,  kUntilExpiry, hours(0),  false, "log retention service"},
  {"MPNService",              kClient, false, false,   true,  kUntilExpiry, hours(0),  false, "push notifications to Windows phones"},
  {"OAuthTokenIssuer",        kTokens, false, false,   false, hours(8),     hours(24), true,  "signs server-to-server tokens"},
  {"PICWebService",           kServer, false, false,   true,  kUntilExpiry, hours(0),  false, "public instant messaging connectivity"},
  {"ProvisionService",        kServer, false, false,   true,  kUntilExpiry, hours(0),  false, "provisioning service"},
  {"SMPDNSWebService",        kServer, false, false,   true,  kUntilExpiry, hours(0),  false, "DNS web service"},
  {"TenantAdmin",             kServer, false, false,   true,  kUntilExpiry, hours(0),  false, "administration by tenants"},
  {"UpgradeEngineService",    kServer, false, false,   true,  kUntilExpiry, hours(0),  false, "upgrade service"},
  {"WebServicesExternal",     kServer, false, false,   true,  kUntilExpiry, hours(0),  false, "web services for clients outside"},
  {"WebServicesInternal",     kServer, false, false,   true,  kUntilExpiry, hours(0),  false, "web services for clients inside"},
  {"WsFedTokenTransfer",      kTokens, false, false,   false, kUntilExpiry, hours(24), true,  "signs federation tokens"},
  {"XMPPServer",              kServer, true,  false,   true,  kUntilExpiry, hours(0),  false, "XMPP server and gateway"},
};
// clang-format on

Type made(const BuiltIn& row) {
  Type type;
  type.name = row.name;
  type.description = row.description;
  type.purpose = row.purpose;
  type.mutual_tls = row.mutual_tls;
  if (row.purpose == kServer) type.extended_key_usages = {"serverAuth"};
  if (row.purpose == kClient) type.extended_key_usages = {"clientAuth"};
  type.eddsa = row.eddsa;
  type.covers_computer = row.covers_computer;
  if (row.coexistence != kUntilExpiry) type.coexistence = row.coexistence;
  type.lead = row.lead;
  if (row.purpose == kTokens) type.margin = kTokenMargin;
  type.same_everywhere = row.same_everywhere;
  return type;
}

bool valid_name(std::string_view name) {
  if (name.empty() || name.size() > 64 || !ascii_letter(name.front())) return false;
  return std::ranges::all_of(name, [](char c) { return ascii_letter(c) || ascii_digit(c) || c == '-'; });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string key_sizes(const Type& type) {
  std::vector<std::string> kinds;
  if (type.least_rsa_bits > 0) kinds.push_back(fmt::format("RSA from {} bits", type.least_rsa_bits));
  if (type.least_ec_bits > 0) kinds.push_back(fmt::format("EC from {} bits", type.least_ec_bits));
  if (type.eddsa) kinds.push_back("Ed25519, Ed448");
  return fmt::format("{}", fmt::join(kinds, "; "));
}

}  // namespace

std::string_view name_of(Purpose purpose) {
  switch (purpose) {
    case Purpose::kTlsServer: return "tls-server";
    case Purpose::kTlsClient: return "tls-client";
    case Purpose::kTokenSigning: return "token-signing";
  }
  return "tls-server";
}

std::optional<Purpose> purpose_from(std::string_view text) {
  for (Purpose purpose : {kServer, kClient, kTokens}) {
    if (equal_ignoring_case(text, name_of(purpose))) return purpose;
  }
  return std::nullopt;
}

std::vector<TypeRow> rows(const Type& type) {
  auto list = [](const std::vector<std::string>& values) {
    return values.empty() ? "none" : fmt::format("{}", fmt::join(values, ", "));
  };
  auto yes_no = [](bool value) { return std::string(value ? "yes" : "no"); };
  // Several fields of the config may make up one row; the first that was set tells the source.
  auto row = [&](std::string name, std::string value, const std::vector<std::string>& fields) {
    for (const std::string& field : fields) {
      if (auto origin = type.origins.find(field); origin != type.origins.end()) {
        return TypeRow{std::move(name), std::move(value), origin->second};
      }
    }
    return TypeRow{std::move(name), std::move(value), "built in"};
  };
  return {
      row("name", type.name, {"name"}),
      row("description", type.description, {"description"}),
      row("purpose", std::string(name_of(type.purpose)), {"purpose"}),
      row("mutual TLS", type.mutual_tls ? "yes: clientAuth is expected too" : "no", {"mutual_tls"}),
      row("extended key usage", list(type.extended_key_usages), {"extended_key_usages"}),
      row("key usage", "digitalSignature", {}),
      row("keys", key_sizes(type), {"least_rsa_bits", "least_ec_bits", "eddsa"}),
      row("covers the computer's fqdn", yes_no(type.covers_computer), {"covers_computer"}),
      row("names it must cover", list(type.names), {"names"}),
      row("previous stays after a roll", type.coexistence ? duration_text(*type.coexistence) : "until it expires",
          {"coexistence"}),
      row("margin for caches and clocks", type.margin.count() == 0 ? "none" : duration_text(type.margin), {"margin"}),
      row("lead before a roll", type.lead.count() == 0 ? "none" : duration_text(type.lead), {"lead"}),
      row("same certificate everywhere", yes_no(type.same_everywhere), {"same_everywhere"}),
      row("service accounts", list(type.service_accounts), {"service_accounts"}),
  };
}

TypeTable::TypeTable() {
  types_.reserve(std::size(kBuiltIn));
  for (const BuiltIn& row : kBuiltIn) types_.push_back(made(row));
}

std::vector<std::string> TypeTable::names() const {
  std::vector<std::string> names;
  for (const Type& type : types_) names.push_back(type.name);
  return names;
}

const Type* TypeTable::find(std::string_view name) const {
  auto found = std::ranges::find_if(types_, [&](const Type& type) { return equal_ignoring_case(type.name, name); });
  return found == types_.end() ? nullptr : &*found;
}

Result<Type> TypeTable::get(std::string_view name) const {
  if (const Type* type = find(name)) return *type;
  return fail(ErrorKind::kUsage, "CF1901", fmt::format("there is no certificate type '{}'", name),
              suggestion(name, names(), "list the types with: certferry type list"));
}

Result<std::vector<std::string>> TypeTable::parse_list(std::string_view list) const {
  std::vector<std::string> parsed;
  while (true) {
    std::size_t comma = list.find(',');
    if (std::string_view word = trimmed(list.substr(0, comma)); !word.empty()) {
      CERTFERRY_ASSIGN(Type type, get(word));
      if (std::ranges::find(parsed, type.name) == parsed.end()) parsed.push_back(type.name);
    }
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  if (parsed.empty()) {
    return fail(ErrorKind::kUsage, "CF1902", "the list of certificate types is empty",
                "name one or more, separated by commas: certferry type list shows them");
  }
  return parsed;
}

Result<> TypeTable::put(Type type) {
  if (!valid_name(type.name)) {
    return fail(ErrorKind::kUsage, "CF1903", fmt::format("'{}' cannot be the name of a certificate type", type.name),
                "use a letter, then letters, digits and '-', at most 64 in all");
  }
  auto found = std::ranges::find_if(types_, [&](const Type& t) { return equal_ignoring_case(t.name, type.name); });
  if (found == types_.end()) {
    types_.push_back(std::move(type));
  } else {
    type.name = found->name;
    *found = std::move(type);
  }
  return {};
}

std::string duration_text(seconds duration) {
  if (duration.count() == 0) return "0s";
  std::string text;
  std::int64_t rest = duration.count();
  for (auto [unit, size] : {std::pair{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}}) {
    if (rest >= size) text += fmt::format("{}{}", rest / size, unit);
    rest %= size;
  }
  return text;
}

std::optional<seconds> duration_from(std::string_view text) {
  constexpr std::int64_t kMost = 100LL * 366 * 86400;
  std::int64_t total = 0;
  std::int64_t last_unit = kMost;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    std::int64_t number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || number < 0 || !ascii_digit(text.front())) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.empty()) return std::nullopt;
    char letter = ascii_lower(text.front());
    text.remove_prefix(1);
    std::int64_t unit = letter == 'd' ? 86400 : letter == 'h' ? 3600 : letter == 'm' ? 60 : letter == 's' ? 1 : 0;
    if (unit == 0 || unit >= last_unit || number > kMost / unit) return std::nullopt;
    total += number * unit;
    last_unit = unit;
  }
  return total <= kMost ? std::optional(seconds(total)) : std::nullopt;
}

}  // namespace certferry::fleet
