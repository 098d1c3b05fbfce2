// Which computers there are, and what they are for.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "fleet/scope.h"

namespace certferry::fleet {

// Plain value.
struct Computer {
  std::string fqdn;  // lower case
  std::string site;  // as written; empty: in none
  std::string pool;  // fqdn in lower case; empty: in none
  std::optional<std::vector<std::string>> types;  // canonical names it hosts; none: every type
  std::vector<std::string> names;                 // further names it is reached by

  [[nodiscard]] bool hosts(std::string_view type) const;
  [[nodiscard]] bool in(const Scope& scope) const;
  // Those it is in, the narrowest first: computer, pool, site, Global.
  [[nodiscard]] std::vector<Scope> scopes() const;
  // What a certificate of a type that covers the computer must be valid for: its fqdn and its pool's.
  [[nodiscard]] std::vector<std::string> own_names() const;
  bool operator==(const Computer&) const = default;
};

// Plain value; each fqdn once. The embedded store's fleet is the one computer it lies on.
struct Topology {
  std::vector<Computer> computers;

  // Those in `scope` that host `type`, in their order.
  [[nodiscard]] std::vector<Computer> serving(const Scope& scope, std::string_view type) const;
  [[nodiscard]] const Computer* find(std::string_view fqdn) const;  // null where there is none
  // CF1906 (usage) where `scope` covers no computer: an assignment there would do nothing.
  [[nodiscard]] Result<> check(const Scope& scope) const;
  // The same, and CF1907 where none of them hosts `type`.
  [[nodiscard]] Result<> check(const Scope& scope, std::string_view type) const;
  bool operator==(const Topology&) const = default;
};

}  // namespace certferry::fleet
