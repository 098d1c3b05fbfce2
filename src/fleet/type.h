// Certificate types: the uses a certificate is assigned to, and the profile that says what each of them needs.
// An open list: the 20 of the contract are built in, administrators add their own and adjust any of them in the config.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace certferry::fleet {

// What services of the type do with the private key.
enum class Purpose { kTlsServer, kTlsClient, kTokenSigning };

// "tls-server", "tls-client", "token-signing": as in the config and in JSON.
[[nodiscard]] std::string_view name_of(Purpose purpose);
[[nodiscard]] std::optional<Purpose> purpose_from(std::string_view text);

// A profile. Plain value.
struct Type {
  std::string name;  // canonical spelling
  std::string description;  // for people, one line
  Purpose purpose = Purpose::kTlsServer;
  // Speaks mutual TLS: uses its certificate as a client too, so that a missing clientAuth is a warning.
  bool mutual_tls = false;
  // "serverAuth", "clientAuth", … or dotted; each one must be there unless the certificate restricts nothing.
  std::vector<std::string> extended_key_usages;
  // Least sizes; 0: keys of that kind are refused.
  int least_rsa_bits = 2048;
  int least_ec_bits = 256;
  bool eddsa = true;  // Ed25519 and Ed448
  // The certificate must cover the fqdn of each computer that gets it (and of its pool, if any).
  bool covers_computer = false;
  // Further names it must cover, as configured.
  std::vector<std::string> names;
  // How long the previous certificate stays after a roll; none: until it expires.
  std::optional<std::chrono::seconds> coexistence;
  // How much longer verifiers of tokens must know its key, for caches and clocks that are off.
  std::chrono::seconds margin{0};
  // How long the key of the next one must have been published before it may become primary.
  std::chrono::seconds lead{0};
  // All computers of a scope must have the same certificate.
  bool same_everywhere = false;
  // Accounts that may read the private key where it was imported with PrivateKeyExportable.
  std::vector<std::string> service_accounts;
  // Where values come from that are not built in: field name as in rows() → "certferry.toml:12".
  std::map<std::string, std::string> origins;

  [[nodiscard]] bool tls() const { return purpose != Purpose::kTokenSigning; }
  // How long the previous one stays after a roll, margin included; none: until it expires.
  [[nodiscard]] std::optional<std::chrono::seconds> window() const {
    return coexistence ? std::optional(*coexistence + margin) : std::nullopt;
  }
  bool operator==(const Type&) const = default;
};

// One line of `certferry type show`. `source` is "built in" or where the value was set.
struct TypeRow {
  std::string name;
  std::string value;
  std::string source;
  bool operator==(const TypeRow&) const = default;
};
[[nodiscard]] std::vector<TypeRow> rows(const Type& type);

// The types in force, each name once (case aside). Copyable.
class TypeTable {
 public:
  // The 20 built-in ones, in the order of the contract.
  TypeTable();

  [[nodiscard]] const std::vector<Type>& all() const { return types_; }
  [[nodiscard]] std::vector<std::string> names() const;
  // Case-insensitive; null where there is no such type. Valid until the table changes.
  [[nodiscard]] const Type* find(std::string_view name) const;
  // The same, with CF1901 (usage) that names the nearest type.
  [[nodiscard]] Result<Type> get(std::string_view name) const;
  // "Default, webservicesExternal" → canonical names in their order, each once; CF1901 for an unknown one,
  // CF1902 where the list names none.
  [[nodiscard]] Result<std::vector<std::string>> parse_list(std::string_view list) const;
  // Adds the type or replaces the one of that name (whose spelling stays). CF1903 where the name is none
  // (a letter, then letters, digits and "-", at most 64).
  [[nodiscard]] Result<> put(Type type);

 private:
  std::vector<Type> types_;
};

// Of types that sign tokens, where nothing else is configured: a verifier may keep a key for 5 minutes more, and its clock
// may be off by 5 minutes.
inline constexpr std::chrono::seconds kTokenMargin{2 * 5 * 60};

// "8h", "90m", "2d", "30s", "1h30m"; "until it expires" for none.
[[nodiscard]] std::string duration_text(std::chrono::seconds duration);
[[nodiscard]] std::optional<std::chrono::seconds> duration_from(std::string_view text);

}  // namespace certferry::fleet
