#include "fleet/config.h"

#include <fmt/format.h>

#include <algorithm>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "base/ascii.h"
#include "base/suggest.h"
#include "fleet/config_text.h"
#include "fleet/toml_guard.h"

namespace certferry::fleet {
namespace {

constexpr std::string_view kSyntaxFix = "correct the line; docs/formats/config.md has an example";

struct Section {
  std::string_view name;
  std::vector<ConfigKey> keys;
};

Result<std::string> fqdn(std::string_view text) { return parse_fqdn(text); }

Result<std::string> fqdn_or_empty(std::string_view text) { return text.empty() ? Result<std::string>("") : fqdn(text); }

Result<std::string> site_or_empty(std::string_view text) {
  if (text.empty()) return std::string();
  CERTFERRY_ASSIGN(Scope scope, Scope::parse("site:" + std::string(text)));
  return scope.name;
}

// A DNS name, with "*" as its first label or not, or an IP address, which checks/ reads.
Result<std::string> certificate_name(std::string_view text) {
  bool address = text.find(':') != std::string_view::npos ||
                 std::ranges::all_of(text, [](char c) { return ascii_digit(c) || c == '.'; });
  if (address && !text.empty()) return std::string(text);
  bool wildcard = text.starts_with("*.");
  CERTFERRY_ASSIGN(std::string name, parse_fqdn(wildcard ? text.substr(2) : text));
  return (wildcard ? "*." : "") + name;
}

Result<std::string> check_id(std::string_view text) {
  if (text.size() == 6 && text.starts_with("CF") && std::ranges::all_of(text.substr(2), ascii_digit)) {
    return std::string(text);
  }
  return fail(ErrorKind::kUsage, "CF1933", fmt::format("'{}' is not the id of a finding", text),
              "write it as in the finding, as in \"CF1415\"");
}

// A host with or without a port, which probe/ reads.
Result<std::string> ntp_server(std::string_view text) {
  const bool plain = std::ranges::all_of(text, [](char c) {
    return ascii_letter(c) || ascii_digit(c) || c == '.' || c == '-' || c == ':' || c == '[' || c == ']' || c == '%';
  });
  if (!text.empty() && text.size() <= 260 && plain) return std::string(text);
  return fail(ErrorKind::kUsage, "CF1933", fmt::format("'{}' is not a server", text),
              "write it as in \"ntp.litwareinc.com\" or \"192.0.2.1:123\"");
}

// What comes after "etcd://" is read where the store is opened.
Result<std::string> store_url(std::string_view text) {
  if (text == StoreSettings::kEmbedded || text.starts_with("etcd://")) return std::string(text);
  return fail(ErrorKind::kUsage, "CF1933", fmt::format("'{}' is not a store", text),
              "write \"sqlite\", for the file certferry.db of the home, or \"etcd://HOST:2379/NAME?ca=/PATH\"");
}

Result<std::string> usage_name(std::string_view text) {
  static const std::vector<std::string> kNames = {"serverAuth",      "clientAuth",   "codeSigning",
                                                  "emailProtection", "timeStamping", "OCSPSigning"};
  for (const std::string& name : kNames) {
    if (equal_ignoring_case(name, text)) return name;
  }
  bool dotted = text.find('.') != std::string_view::npos &&
                std::ranges::all_of(text, [](char c) { return ascii_digit(c) || c == '.'; });
  if (dotted) return std::string(text);
  return fail(ErrorKind::kUsage, "CF1933", fmt::format("'{}' is not an extended key usage", text),
              suggestion(text, kNames, "write serverAuth, clientAuth, or a dotted identifier"));
}

Result<std::string> account(std::string_view text) {
  bool plain = std::ranges::all_of(
      text, [](char c) { return ascii_letter(c) || ascii_digit(c) || c == '-' || c == '_' || c == '.' || c == '$'; });
  if (!text.empty() && text.size() <= 64 && plain && text.front() != '-') return std::string(text);
  return fail(ErrorKind::kUsage, "CF1933", fmt::format("'{}' is not an account", text),
              "write the name of a user as in /etc/passwd");
}

// The one table of what can be configured; docs/formats/config.md explains it, in the same order.
std::vector<Section> sections(Config& config) {
  auto type_name = [&config](std::string_view text) -> Result<std::string> {
    CERTFERRY_ASSIGN(Type type, config.types.get(text));
    return type.name;
  };
  return {
      {"computer",
       {{"fqdn", &config.computer.fqdn, fqdn},
        {"site", &config.computer.site, site_or_empty},
        {"pool", &config.computer.pool, fqdn_or_empty},
        {"types", &config.computer.types, type_name},
        {"names", &config.computer.names, certificate_name}}},
      {"import",
       {{"require_trust", &config.import.require_trust},
        {"private_key_exportable", &config.import.private_key_exportable}}},
      {"checks",
       {{"warn_lifetime_left", &config.checks.warn_lifetime_left, nullptr, 0, 1},
        {"ignore", &config.checks.ignore, check_id}}},
      {"agent", {{"ntp_servers", &config.agent.ntp_servers, ntp_server}}},
      {"store", {{"url", &config.store.url, store_url}}},
  };
}

std::vector<ConfigKey> type_keys(Type& type) {
  return {{"description", &type.description},
          {"purpose", &type.purpose},
          {"mutual_tls", &type.mutual_tls},
          {"extended_key_usages", &type.extended_key_usages, usage_name},
          {"least_rsa_bits", &type.least_rsa_bits, nullptr, 0, 16384},
          {"least_ec_bits", &type.least_ec_bits, nullptr, 0, 521},
          {"eddsa", &type.eddsa},
          {"covers_computer", &type.covers_computer},
          {"names", &type.names, certificate_name},
          {"coexistence", &type.coexistence},
          {"margin", &type.margin},
          {"lead", &type.lead},
          {"same_everywhere", &type.same_everywhere},
          {"service_accounts", &type.service_accounts, account}};
}

class Reader {
 public:
  Reader(const ConfigSource& source, Config& config) : source_(source), config_(config) {}

  Result<> read_file() {
    if (std::optional<TomlMistake> mistake = find_toml_mistake(source_.text)) {
      return config_error("CF1930", place({{mistake->line, mistake->column}, {}, nullptr}), mistake->message,
                          std::string(kSyntaxFix));
    }
    toml::parse_result parsed = toml::parse(std::string_view(source_.text), std::string_view(source_.file));
    if (!parsed) {
      const toml::parse_error& error = parsed.error();
      return config_error("CF1930", place(error.source()), error.description(), std::string(kSyntaxFix));
    }
    const toml::table& root = parsed.table();
    std::vector<Section> known = sections(config_);
    // Types first: other sections name them.
    if (const toml::node* types = root.get("types")) CERTFERRY_TRY(read_types(*types));
    for (const auto& [key, node] : root) {
      if (key == "types") continue;
      auto section = std::ranges::find(known, key.str(), &Section::name);
      if (section == known.end()) {
        std::vector<std::string> names = {"types"};
        for (const Section& each : known) names.emplace_back(each.name);
        return unknown(key, "", names);
      }
      CERTFERRY_TRY(read_section(node, std::string(section->name), section->keys, nullptr));
    }
    return {};
  }

  Result<> read_environment() {
    for (const Section& section : sections(config_)) {
      std::string prefix = upper(fmt::format("CERTFERRY_{}_", section.name));
      std::vector<std::string> names;
      for (const ConfigKey& key : section.keys) {
        if (!is_list(key)) names.push_back(prefix + upper(key.name));
      }
      for (const auto& named : source_.environment) {
        const auto& [variable, text] = named;
        if (!variable.starts_with(prefix)) continue;
        Place at{"environment " + variable, ""};
        if (std::ranges::find(names, variable) == names.end()) {
          return config_error("CF1931", at, "unknown variable",
                              suggestion(variable, names, "docs/formats/config.md lists the variables"));
        }
        auto key = std::ranges::find_if(section.keys,
                                        [&](const ConfigKey& k) { return prefix + upper(k.name) == named.first; });
        CERTFERRY_TRY(set_from_text(*key, text, at));
        config_.origins[fmt::format("{}.{}", section.name, key->name)] = at.origin;
      }
    }
    return {};
  }

 private:
  static std::string upper(std::string_view text) {
    std::string all(text);
    for (char& c : all) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return all;
  }

  static bool is_list(const ConfigKey& key) {
    return std::holds_alternative<std::vector<std::string>*>(key.target) ||
           std::holds_alternative<std::optional<std::vector<std::string>>*>(key.target);
  }

  [[nodiscard]] Place place(const toml::source_region& region) const {
    Place at;
    at.origin = fmt::format("{}:{}", source_.file, region.begin.line);
    std::string_view rest = source_.text;
    for (toml::source_index line = 1; line < region.begin.line; ++line) {
      std::size_t end = rest.find('\n');
      rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    }
    std::string line(rest.substr(0, rest.find('\n')));
    if (line.ends_with('\r')) line.pop_back();
    // Columns count characters: octets that continue one take no place.
    std::string caret;
    toml::source_index column = 1;
    for (char c : line) {
      if (column >= region.begin.column) break;
      if ((static_cast<unsigned char>(c) & 0xc0) == 0x80) continue;
      caret += c == '\t' ? '\t' : ' ';
      ++column;
    }
    at.excerpt = fmt::format("  {}\n  {}^", line, caret);
    return at;
  }

  [[nodiscard]] std::unexpected<Error> unknown(const toml::key& key, std::string_view section,
                                               const std::vector<std::string>& names) const {
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
    std::string where = section.empty() ? "" : fmt::format(" in [{}]", section);
    return config_error("CF1931", place(key.source()), fmt::format("unknown key '{}'{}", key.str(), where),
                        suggestion(key.str(), names, "known keys: " + all));
  }

  // `type` is the one that the section describes, or null.
  Result<> read_section(const toml::node& node, const std::string& name, const std::vector<ConfigKey>& keys,
                        Type* type) {
    const toml::table* table = node.as_table();
    if (!table) {
      return config_error("CF1932", place(node.source()), fmt::format("'{}' is not a section", name),
                          fmt::format("write [{}] on a line of its own, its keys below", name));
    }
    for (const auto& [key, value] : *table) {
      auto known = std::ranges::find(keys, key.str(), &ConfigKey::name);
      if (known == keys.end()) {
        std::vector<std::string> names;
        for (const ConfigKey& each : keys) names.emplace_back(each.name);
        return unknown(key, name, names);
      }
      CERTFERRY_TRY(set(*known, value));
      std::string origin = place(key.source()).origin;
      if (type) type->origins[std::string(key.str())] = origin;
      config_.origins[fmt::format("{}.{}", name, key.str())] = origin;
    }
    return {};
  }

  Result<> read_types(const toml::node& node) {
    const toml::table* table = node.as_table();
    if (!table) {
      return config_error("CF1932", place(node.source()), "'types' is not a section",
                          "write [types.<Name>] on a line of its own, its keys below");
    }
    for (const auto& [key, value] : *table) {
      const Type* built_in = config_.types.find(key.str());
      Type type = built_in ? *built_in : Type();
      std::string origin = place(key.source()).origin;
      if (!built_in) {
        type.name = key.str();
        type.origins["name"] = origin;
      }
      CERTFERRY_TRY(read_section(value, "types." + type.name, type_keys(type), &type));
      if (!built_in && !type.origins.contains("extended_key_usages")) {
        if (type.purpose == Purpose::kTlsServer) type.extended_key_usages = {"serverAuth"};
        if (type.purpose == Purpose::kTlsClient) type.extended_key_usages = {"clientAuth"};
      }
      if (!built_in && type.purpose == Purpose::kTokenSigning && !type.origins.contains("margin"))
        type.margin = kTokenMargin;
      if (Result<> added = config_.types.put(std::move(type)); !added) {
        return config_error("CF1933", place(key.source()), added.error().message, added.error().fix);
      }
    }
    return {};
  }

  Result<> set(const ConfigKey& key, const toml::node& node) {
    if (is_list(key)) return set_list(key, node);
    Place at = place(node.source());
    auto expect = [&](bool ok, std::string_view kind) -> Result<> {
      if (ok) return {};
      return config_error("CF1932", at, fmt::format("'{}' wants {}", key.name, kind),
                          fmt::format("write {} = {}", key.name, toml_text(key.target)));
    };
    if (std::holds_alternative<bool*>(key.target)) {
      CERTFERRY_TRY(expect(node.is_boolean(), "true or false"));
      return set_from_text(key, node.as_boolean()->get() ? "true" : "false", at);
    }
    if (std::holds_alternative<int*>(key.target)) {
      CERTFERRY_TRY(expect(node.is_integer(), "a whole number"));
      return set_from_text(key, std::to_string(node.as_integer()->get()), at);
    }
    if (std::holds_alternative<double*>(key.target)) {
      CERTFERRY_TRY(expect(node.is_number(), "a number"));
      return set_from_text(key, fmt::format("{}", *node.value<double>()), at);
    }
    CERTFERRY_TRY(expect(node.is_string(), "a text in quotes"));
    return set_from_text(key, node.as_string()->get(), at);
  }

  Result<> set_list(const ConfigKey& key, const toml::node& node) {
    const toml::array* array = node.as_array();
    if (!array) {
      return config_error("CF1932", place(node.source()), fmt::format("'{}' wants a list", key.name),
                          fmt::format("write {} = [\"…\", \"…\"]", key.name));
    }
    std::vector<std::string> values;
    for (const toml::node& element : *array) {
      Place at = place(element.source());
      if (!element.is_string()) {
        return config_error("CF1932", at, fmt::format("'{}' wants a list of texts in quotes", key.name),
                            fmt::format("write {} = [\"…\", \"…\"]", key.name));
      }
      std::string value;
      CERTFERRY_TRY(set_from_text({key.name, &value, key.normalise}, element.as_string()->get(), at));
      if (std::ranges::find(values, value) == values.end()) values.push_back(std::move(value));
    }
    if (auto* const* list = std::get_if<std::vector<std::string>*>(&key.target)) {
      **list = std::move(values);
    } else {
      **std::get_if<std::optional<std::vector<std::string>>*>(&key.target) = std::move(values);
    }
    return {};
  }

  const ConfigSource& source_;
  Config& config_;
};

}  // namespace

std::vector<ConfigRow> Config::rows() const {
  Config copy = *this;  // the table of keys points into what it may set
  std::vector<ConfigRow> rows;
  auto origin = [&](const std::string& key) {
    auto found = origins.find(key);
    return found == origins.end() ? std::string("default") : found->second;
  };
  for (const Section& section : sections(copy)) {
    for (const ConfigKey& key : section.keys) {
      std::string name = fmt::format("{}.{}", section.name, key.name);
      rows.push_back({name, toml_text(key.target), origin(name)});
    }
  }
  for (Type type : types.all()) {
    for (const ConfigKey& key : type_keys(type)) {
      std::string name = fmt::format("types.{}.{}", type.name, key.name);
      if (origins.contains(name)) rows.push_back({name, toml_text(key.target), origin(name)});
    }
  }
  return rows;
}

Result<Config> parse_config(const ConfigSource& source) {
  Config config;
  config.computer.fqdn = parse_fqdn(source.host_name).value_or("localhost");
  Reader reader(source, config);
  CERTFERRY_TRY(reader.read_file());
  CERTFERRY_TRY(reader.read_environment());
  return config;
}

}  // namespace certferry::fleet
