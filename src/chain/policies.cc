#include "chain/policies.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "x509/der.h"

namespace certferry::chain {
namespace {

using x509::CertificateFields;
using x509::Oid;
namespace oid = x509::oid;
using namespace std::string_view_literals;

constexpr Oid kAnyPolicy = "\x55\x1d\x20\x00"sv;
constexpr std::uint8_t kContext0 = 0x80;
constexpr std::uint8_t kContext1 = 0x81;

using Policies = std::set<Oid>;

struct Counters {
  std::size_t explicit_policy;
  std::size_t policy_mapping;
  std::size_t inhibit_any;
};

const x509::Extension* find(const CertificateFields& fields, Oid type) {
  const auto it = std::ranges::find(fields.extensions, type, &x509::Extension::oid);
  return it == fields.extensions.end() ? nullptr : &*it;
}

std::optional<ByteView> sequence(ByteView value) {
  der::Reader outer(value);
  const auto element = outer.next(der::kSequence);
  if (!element || !outer.at_end()) return std::nullopt;
  return element->content;
}

std::optional<std::size_t> small_number(ByteView content) {
  if (content.empty() || content.size() > 2 || (content[0] & 0x80)) return std::nullopt;
  std::size_t number = 0;
  for (std::uint8_t octet : content) number = number << 8 | octet;
  return number;
}

// Nothing where the extension is malformed; empty where there is none.
std::optional<Policies> read_policies(const CertificateFields& fields) {
  const x509::Extension* extension = find(fields, oid::kCertificatePolicies);
  if (!extension) return Policies{};
  const auto content = sequence(extension->value);
  if (!content) return std::nullopt;
  Policies policies;
  for (der::Reader list(*content); !list.at_end();) {
    const auto element = list.next(der::kSequence);
    const auto policy = element ? der::Reader(element->content).next(der::kOid) : std::nullopt;
    if (!policy) return std::nullopt;
    policies.insert(x509::to_oid(policy->content));
  }
  return policies;
}

std::optional<std::multimap<Oid, Oid>> read_mappings(const CertificateFields& fields) {
  std::multimap<Oid, Oid> mappings;
  const x509::Extension* extension = find(fields, oid::kPolicyMappings);
  if (!extension) return mappings;
  const auto content = sequence(extension->value);
  if (!content) return std::nullopt;
  for (der::Reader list(*content); !list.at_end();) {
    const auto element = list.next(der::kSequence);
    if (!element) return std::nullopt;
    der::Reader pair(element->content);
    const auto from = pair.next(der::kOid);
    const auto to = pair.next(der::kOid);
    // Mapping to or from any-policy is forbidden.
    if (!from || !to || x509::to_oid(from->content) == kAnyPolicy || x509::to_oid(to->content) == kAnyPolicy)
      return std::nullopt;
    mappings.emplace(x509::to_oid(from->content), x509::to_oid(to->content));
  }
  return mappings;
}

bool read_constraints(const CertificateFields& fields, Counters& counters) {
  if (const x509::Extension* extension = find(fields, oid::kPolicyConstraints)) {
    const auto content = sequence(extension->value);
    if (!content) return false;
    der::Reader reader(*content);
    for (const auto& [tag, counter] :
         {std::pair{kContext0, &counters.explicit_policy}, std::pair{kContext1, &counters.policy_mapping}}) {
      if (const auto element = reader.next(tag)) {
        const auto number = small_number(element->content);
        if (!number) return false;
        *counter = std::min(*counter, *number);
      }
    }
    if (!reader.at_end()) return false;
  }
  if (const x509::Extension* extension = find(fields, oid::kInhibitAnyPolicy)) {
    der::Reader reader(extension->value);
    const auto element = reader.next(der::kInteger);
    const auto number = element ? small_number(element->content) : std::nullopt;
    if (!number || !reader.at_end()) return false;
    counters.inhibit_any = std::min(counters.inhibit_any, *number);
  }
  return true;
}

void count_down(Counters& counters) {
  for (std::size_t* counter : {&counters.explicit_policy, &counters.policy_mapping, &counters.inhibit_any}) {
    if (*counter > 0) --*counter;
  }
}

// The policies valid below a CA that maps them; without a right to map, mapped ones end there.
Policies mapped(const Policies& valid, const std::multimap<Oid, Oid>& mappings, bool may_map) {
  if (mappings.empty()) return valid;
  Policies result;
  for (Oid policy : valid) {
    const auto [first, last] = mappings.equal_range(policy);
    if (first == last) result.insert(policy);
    for (auto it = first; may_map && it != last; ++it) result.insert(it->second);
  }
  if (may_map && valid.contains(kAnyPolicy)) {
    for (const auto& [from, to] : mappings) result.insert(to);
  }
  return result;
}

}  // namespace

std::optional<std::string> policy_problem(std::span<const CertificateFields* const> path) {
  Counters counters{path.size() + 1, path.size() + 1, path.size() + 1};
  Policies valid = {kAnyPolicy};
  // The set of valid policies stands for RFC 5280's tree: only whether it is empty matters to a caller who takes any.
  for (std::size_t i = path.size() - 1; i-- > 0;) {
    const CertificateFields& fields = *path[i];
    const bool self_issued = fields.subject == fields.issuer;
    const auto own = read_policies(fields);
    const auto mappings = read_mappings(fields);
    if (!own || !mappings) return fmt::format("the policies of '{}' cannot be read", fields.subject.label());
    const bool any_counts = counters.inhibit_any > 0 || (i > 0 && self_issued);
    Policies next;
    if (own->contains(kAnyPolicy) && any_counts) next = valid;
    for (Oid policy : *own) {
      if (policy != kAnyPolicy && (valid.contains(policy) || valid.contains(kAnyPolicy))) next.insert(policy);
    }
    valid = std::move(next);
    if (counters.explicit_policy == 0 && valid.empty()) break;
    if (i == 0) break;
    valid = mapped(valid, *mappings, counters.policy_mapping > 0);
    if (!self_issued) count_down(counters);
    if (!read_constraints(fields, counters))
      return fmt::format("the policy constraints of '{}' cannot be read", fields.subject.label());
  }
  if (!valid.empty()) return std::nullopt;
  // RFC 5280 section 6.1.5 (a) and (b): the leaf counts down once more and may ask itself.
  if (counters.explicit_policy > 0) --counters.explicit_policy;
  if (path.size() > 1) {
    Counters own = counters;
    if (!read_constraints(*path[0], own))
      return fmt::format("the policy constraints of '{}' cannot be read", path[0]->subject.label());
    if (own.explicit_policy == 0 && find(*path[0], oid::kPolicyConstraints)) counters.explicit_policy = 0;
  }
  if (counters.explicit_policy > 0) return std::nullopt;
  return "a CA asks for a certificate policy, but none is valid for the whole path";
}

}  // namespace certferry::chain
