#include "fleet/topology.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/suggest.h"

namespace certferry::fleet {

bool Computer::hosts(std::string_view type) const {
  if (!types) return true;
  return std::ranges::any_of(*types, [&](const std::string& hosted) { return equal_ignoring_case(hosted, type); });
}

bool Computer::in(const Scope& scope) const {
  switch (scope.kind) {
    case Scope::Kind::kGlobal: return true;
    case Scope::Kind::kSite: return !site.empty() && equal_ignoring_case(site, scope.name);
    case Scope::Kind::kPool: return !pool.empty() && equal_ignoring_case(pool, scope.name);
    case Scope::Kind::kComputer: return equal_ignoring_case(fqdn, scope.name);
  }
  return false;
}

std::vector<Scope> Computer::scopes() const {
  std::vector<Scope> scopes = {Scope::computer(fqdn)};
  if (!pool.empty()) scopes.push_back(Scope::pool(pool));
  if (!site.empty()) scopes.push_back(Scope::site(site));
  scopes.push_back(Scope::global());
  return scopes;
}

std::vector<std::string> Computer::own_names() const {
  std::vector<std::string> own = {fqdn};
  if (!pool.empty() && pool != fqdn) own.push_back(pool);
  return own;
}

std::vector<Computer> Topology::serving(const Scope& scope, std::string_view type) const {
  std::vector<Computer> serving;
  std::ranges::copy_if(computers, std::back_inserter(serving),
                       [&](const Computer& computer) { return computer.in(scope) && computer.hosts(type); });
  return serving;
}

const Computer* Topology::find(std::string_view fqdn) const {
  auto found = std::ranges::find_if(computers, [&](const Computer& c) { return equal_ignoring_case(c.fqdn, fqdn); });
  return found == computers.end() ? nullptr : &*found;
}

Result<> Topology::check(const Scope& scope) const {
  if (std::ranges::any_of(computers, [&](const Computer& computer) { return computer.in(scope); })) return {};
  std::vector<std::string> known;
  for (const Computer& computer : computers) {
    for (const Scope& own : computer.scopes()) known.push_back(own.text());
  }
  std::ranges::sort(known);
  known.erase(std::ranges::unique(known).begin(), known.end());
  if (known.size() > 8) known.resize(8);
  std::string all;
  for (const std::string& text : known) all += (all.empty() ? "" : ", ") + text;
  return fail(ErrorKind::kUsage, "CF1906", fmt::format("no computer is in {}", scope.text()),
              suggestion(scope.text(), known, "known scopes: " + all));
}

Result<> Topology::check(const Scope& scope, std::string_view type) const {
  CERTFERRY_TRY(check(scope));
  if (!serving(scope, type).empty()) return {};
  return fail(ErrorKind::kUsage, "CF1907", fmt::format("no computer in {} hosts the type {}", scope.text(), type),
              "add the type to the computer's 'types' in certferry.toml, or choose another scope");
}

}  // namespace certferry::fleet
