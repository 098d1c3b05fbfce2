#include "chain/name_constraints.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/ascii.h"

namespace certferry::chain {
namespace {

using x509::GeneralName;
using Kind = GeneralName::Kind;

bool ends_with_ignoring_case(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() && equal_ignoring_case(text.substr(text.size() - suffix.size()), suffix);
}

// Zero or more labels before `base`; a leading dot asks for at least one.
bool in_domain(std::string_view name, std::string_view base) {
  if (base.empty()) return true;
  if (base.front() == '.') return name.size() > base.size() && ends_with_ignoring_case(name, base);
  if (!ends_with_ignoring_case(name, base)) return false;
  return name.size() == base.size() || name[name.size() - base.size() - 1] == '.';
}

enum class Direction { kPermitted, kExcluded };

// A wildcard is permitted where all it may stand for is, and excluded where one of these is: "*.example.com" may be
// "bar.example.com" (RFC 5280 is silent; CVE-2025-61727).
bool dns_in_subtree(std::string_view name, std::string_view base, Direction direction) {
  if (!name.starts_with("*.")) return in_domain(name, base);
  const std::string_view parent = name.substr(2);
  if (in_domain(parent, base.starts_with('.') ? base.substr(1) : base)) return true;
  if (direction == Direction::kPermitted) return false;
  const auto dot = base.find('.');
  return dot != std::string_view::npos && dot != 0 && equal_ignoring_case(base.substr(dot + 1), parent);
}

bool ip_in_subtree(ByteView address, ByteView range) {
  if (range.size() != address.size() * 2) return false;
  for (std::size_t i = 0; i < address.size(); ++i) {
    if ((address[i] & range[address.size() + i]) != (range[i] & range[address.size() + i])) return false;
  }
  return true;
}

bool email_in_subtree(const Mailbox& mailbox, std::string_view base) {
  if (const auto exact = split_mailbox(base)) {
    return mailbox.local == exact->local && equal_ignoring_case(mailbox.host, exact->host);
  }
  if (base.starts_with('.')) return in_domain(mailbox.host, base);
  return base.empty() || equal_ignoring_case(mailbox.host, base);
}

// The host of "scheme://user@host:port/path"; nothing where there is no authority or it is an IP address.
std::optional<std::string_view> uri_host(std::string_view uri) {
  const auto authority = uri.find("://");
  if (authority == std::string_view::npos) return std::nullopt;
  uri.remove_prefix(authority + 3);
  uri = uri.substr(0, uri.find_first_of("/?#"));
  if (const auto at = uri.rfind('@'); at != std::string_view::npos) uri.remove_prefix(at + 1);
  if (uri.starts_with('[')) return std::nullopt;
  uri = uri.substr(0, uri.find(':'));
  const DnsShape shape = dns_shape(uri);
  if (shape != DnsShape::kHost && shape != DnsShape::kUnderscore) return std::nullopt;
  return uri;
}

bool uri_in_subtree(std::string_view host, std::string_view base) {
  return base.starts_with('.') ? in_domain(host, base) : base.empty() || equal_ignoring_case(host, base);
}

bool directory_in_subtree(const x509::Name& name, const x509::Name& base) {
  const auto& outer = base.canonical_rdns();
  const auto& inner = name.canonical_rdns();
  return outer.size() <= inner.size() && std::equal(outer.begin(), outer.end(), inner.begin());
}

// One name of the certificate, in a form that can be compared.
struct Subject {
  Kind kind;
  std::string_view text = {};
  ByteView octets = {};
  const x509::Name* directory = nullptr;
  std::optional<Mailbox> mailbox = {};
  std::string shown() const {
    if (kind == Kind::kDirectory) return directory->text();
    return kind == Kind::kIp ? x509::ip_text(octets) : std::string(text);
  }
};

bool in_subtree(const Subject& name, const GeneralName& base, Direction direction) {
  switch (name.kind) {
    case Kind::kDns: return dns_in_subtree(name.text, base.text(), direction);
    case Kind::kIp: return ip_in_subtree(name.octets, base.value);
    case Kind::kEmail: return email_in_subtree(*name.mailbox, base.text());
    case Kind::kUri: return uri_in_subtree(name.text, base.text());
    case Kind::kDirectory: return directory_in_subtree(*name.directory, base.directory);
    default: return false;
  }
}

bool ip_mask_is_prefix(ByteView mask) {
  bool ended = false;
  for (std::uint8_t octet : mask) {
    for (int bit = 7; bit >= 0; --bit) {
      const bool set = (octet >> bit & 1) != 0;
      if (set && ended) return false;
      ended = ended || !set;
    }
  }
  return true;
}

bool email_constraint_is_good(std::string_view base) {
  if (base.find('@') == std::string_view::npos) {
    if (base.starts_with('.')) base.remove_prefix(1);
    return base.empty() || dns_shape(base) == DnsShape::kHost || dns_shape(base) == DnsShape::kUnderscore;
  }
  const auto mailbox = split_mailbox(base);
  return mailbox && dns_shape(mailbox->host) == DnsShape::kHost;
}

class Checker {
 public:
  Checker(const x509::NameConstraints& constraints, Mode mode, std::size_t& budget)
      : constraints_(constraints), mode_(mode), budget_(budget) {}

  std::optional<NameProblem> check(const Subject& name) {
    bool any_permitted = false;
    bool permitted = false;
    for (const auto& subtree : constraints_.permitted) {
      if (auto problem = usable(subtree, name)) return problem;
      if (subtree.base.kind != name.kind) continue;
      any_permitted = true;
      permitted = permitted || in_subtree(name, subtree.base, Direction::kPermitted);
    }
    for (const auto& subtree : constraints_.excluded) {
      if (auto problem = usable(subtree, name)) return problem;
      if (subtree.base.kind == name.kind && in_subtree(name, subtree.base, Direction::kExcluded)) {
        return NameProblem{NameProblem::Kind::kViolated, fmt::format("the name '{}' lies in '{}', which is excluded",
                                                                     name.shown(), subtree.base.display())};
      }
    }
    if (!any_permitted || permitted) return std::nullopt;
    return NameProblem{NameProblem::Kind::kViolated,
                       fmt::format("the name '{}' is not among the permitted ones", name.shown())};
  }

  // A form that has constraints which cannot be judged.
  std::optional<NameProblem> check_foreign(const GeneralName& name) {
    const auto same = [&](const x509::GeneralSubtree& subtree) { return subtree.base.kind == name.kind; };
    if (!spend(constraints_.permitted.size() + constraints_.excluded.size())) return too_much();
    if (std::ranges::none_of(constraints_.permitted, same) && std::ranges::none_of(constraints_.excluded, same)) {
      return std::nullopt;
    }
    return unsupported(fmt::format("constraints on names like '{}' cannot be judged", name.display()));
  }

  bool constrains(Kind kind) const {
    const auto same = [&](const x509::GeneralSubtree& subtree) { return subtree.base.kind == kind; };
    return std::ranges::any_of(constraints_.permitted, same) || std::ranges::any_of(constraints_.excluded, same);
  }

  static NameProblem unsupported(std::string message) { return {NameProblem::Kind::kUnsupported, std::move(message)}; }

 private:
  std::optional<NameProblem> usable(const x509::GeneralSubtree& subtree, const Subject& name) {
    if (!spend(1)) return too_much();
    if (subtree.base.kind != name.kind) return std::nullopt;
    if (auto problem = constraint_problem(subtree, mode_)) return unsupported(std::move(*problem));
    return std::nullopt;
  }

  bool spend(std::size_t amount) {
    if (budget_ < amount) return false;
    budget_ -= amount;
    return true;
  }

  static NameProblem too_much() {
    return {NameProblem::Kind::kTooMuchWork, "there are too many names and name constraints to compare them all"};
  }

  const x509::NameConstraints& constraints_;
  Mode mode_;
  std::size_t& budget_;
};

std::optional<NameProblem> check_alt_name(Checker& checker, const GeneralName& name) {
  Subject subject{.kind = name.kind, .text = name.text(), .octets = name.value};
  switch (name.kind) {
    case Kind::kDns: {
      const DnsShape shape = dns_shape(name.text());
      if ((shape == DnsShape::kOther || shape == DnsShape::kIpAddress) && checker.constrains(Kind::kDns)) {
        return Checker::unsupported(
            fmt::format("'{}' is no DNS name, so that the constraints cannot be judged", name.display()));
      }
      break;
    }
    case Kind::kIp:
      if (name.value.size() != 4 && name.value.size() != 16 && checker.constrains(Kind::kIp)) {
        return Checker::unsupported(
            fmt::format("'{}' is no IP address, so that the constraints cannot be judged", name.display()));
      }
      break;
    case Kind::kEmail:
      subject.mailbox = split_mailbox(name.text());
      if (!subject.mailbox) {
        if (!checker.constrains(Kind::kEmail)) return std::nullopt;
        return Checker::unsupported(
            fmt::format("'{}' is no mail address, so that the constraints cannot be judged", name.display()));
      }
      break;
    case Kind::kUri: {
      const auto host = uri_host(name.text());
      if (!host) {
        if (!checker.constrains(Kind::kUri)) return std::nullopt;
        return Checker::unsupported(
            fmt::format("'{}' names no host, so that the constraints cannot be judged", name.display()));
      }
      subject.text = *host;
      break;
    }
    case Kind::kDirectory: subject.directory = &name.directory; break;
    default: return checker.check_foreign(name);
  }
  return checker.check(subject);
}

}  // namespace

std::optional<std::string> constraint_problem(const x509::GeneralSubtree& subtree, Mode mode) {
  const GeneralName& base = subtree.base;
  if (subtree.has_bounds) return fmt::format("the constraint '{}' has bounds, which RFC 5280 forbids", base.display());
  switch (base.kind) {
    case Kind::kDns: {
      std::string_view text = base.text();
      if (mode == Mode::kTolerant && text.size() > 1 && text.starts_with('.')) text.remove_prefix(1);
      const DnsShape shape = text.empty() ? DnsShape::kHost : dns_shape(text);
      if (shape == DnsShape::kHost || shape == DnsShape::kUnderscore) return std::nullopt;
      return fmt::format("'{}' is no constraint on DNS names", base.display());
    }
    case Kind::kIp: {
      const std::size_t size = base.value.size();
      if ((size == 8 || size == 32) && ip_mask_is_prefix(ByteView(base.value).subspan(size / 2))) return std::nullopt;
      return fmt::format("'{}' is no range of IP addresses", base.display());
    }
    case Kind::kEmail:
      if (email_constraint_is_good(base.text())) return std::nullopt;
      return fmt::format("'{}' is no constraint on mail addresses", base.display());
    case Kind::kUri: {
      std::string_view text = base.text();
      if (text.starts_with('.')) text.remove_prefix(1);
      if (text.empty() || dns_shape(text) == DnsShape::kHost) return std::nullopt;
      return fmt::format("'{}' is no constraint on the hosts of URIs", base.display());
    }
    default: return std::nullopt;
  }
}

std::optional<NameProblem> check_names(const x509::NameConstraints& constraints,
                                       const x509::CertificateFields& certificate, Mode mode, std::size_t& budget) {
  Checker checker(constraints, mode, budget);
  if (!certificate.subject.empty()) {
    if (auto problem = checker.check({.kind = Kind::kDirectory, .directory = &certificate.subject})) return problem;
    for (const auto& attribute : certificate.subject.attributes()) {
      if (attribute.oid != x509::oid::kEmailAddress) continue;
      const auto mailbox = split_mailbox(attribute.value);
      if (!mailbox && !checker.constrains(Kind::kEmail)) continue;
      if (!mailbox) return Checker::unsupported(fmt::format("'{}' is no mail address", attribute.value));
      if (auto problem = checker.check({.kind = Kind::kEmail, .text = attribute.value, .mailbox = mailbox}))
        return problem;
    }
  }
  if (!certificate.subject_alt_names) return std::nullopt;
  for (const GeneralName& name : *certificate.subject_alt_names) {
    if (auto problem = check_alt_name(checker, name)) return problem;
  }
  return std::nullopt;
}

}  // namespace certferry::chain
