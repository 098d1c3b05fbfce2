// Where an assignment holds: everywhere, in a site, in a pool, on one computer.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace certferry::fleet {

// Plain value. The narrower scope wins on a computer.
struct Scope {
  // From wide to narrow: comparing kinds compares how narrow they are.
  enum class Kind { kGlobal, kSite, kPool, kComputer };
  Kind kind = Kind::kGlobal;
  std::string name;  // of the site, as written; lower-case fqdn of the pool or computer; empty for Global

  // "Global", "site:<name>", "pool:<fqdn>", "computer:<fqdn>"; `service:<Role>:<fqdn>` and `<Role>:<fqdn>` are read as
  // the pool. Case-insensitive. CF1904 (usage) for anything else, CF1905 for what is no fqdn.
  [[nodiscard]] static Result<Scope> parse(std::string_view text);
  [[nodiscard]] static Scope global() { return {}; }
  [[nodiscard]] static Scope site(std::string_view name) { return {Kind::kSite, std::string(name)}; }
  [[nodiscard]] static Scope pool(std::string_view fqdn) { return {Kind::kPool, std::string(fqdn)}; }
  [[nodiscard]] static Scope computer(std::string_view fqdn) { return {Kind::kComputer, std::string(fqdn)}; }

  // "Global", "site:Redmond", "pool:web.litwareinc.com": what parse() reads.
  [[nodiscard]] std::string text() const;
  // Lower case: equal exactly where the scopes are. A key for maps and for the store.
  [[nodiscard]] std::string key() const;
  // Whether it covers fewer computers than `other` by its kind.
  [[nodiscard]] bool narrower_than(const Scope& other) const { return kind > other.kind; }

  [[nodiscard]] bool operator==(const Scope& other) const { return key() == other.key(); }
};

// A host name as certificates and DNS take it (RFC 1123 section 2.1): labels of letters, digits and inner hyphens, at
// most 63 octets each and 253 in all, the last one not all digits. Returns it in lower case without a trailing dot;
// CF1905 (usage) with the reason. One label alone is taken: many machines have no domain.
[[nodiscard]] Result<std::string> parse_fqdn(std::string_view text);

}  // namespace certferry::fleet
