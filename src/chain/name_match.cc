#include "chain/name_match.h"

#include <algorithm>

#include "base/ascii.h"
#include "chain/public_suffix.h"

namespace certferry::chain {
namespace {

constexpr std::size_t kMaxName = 253;   // RFC 1035 section 2.3.4, as text without trailing dot
constexpr std::size_t kMaxLabel = 63;

enum class Label { kGood, kUnderscore, kBad };

Label judge_label(std::string_view label) {
  if (label.empty() || label.size() > kMaxLabel) return Label::kBad;
  if (label.front() == '-' || label.back() == '-') return Label::kBad;
  Label result = Label::kGood;
  for (char c : label) {
    if (c == '_') {
      result = Label::kUnderscore;
    } else if (!ascii_letter(c) && !ascii_digit(c) && c != '-') {
      return Label::kBad;
    }
  }
  return result;
}

bool all_digits(std::string_view text) { return !text.empty() && std::ranges::all_of(text, ascii_digit); }

// kHost, kUnderscore, kIpAddress or kOther.
DnsShape host_shape(std::string_view name) {
  if (name.empty() || name.size() > kMaxName) return DnsShape::kOther;
  DnsShape shape = DnsShape::kHost;
  std::string_view last;
  while (true) {
    const auto dot = name.find('.');
    last = name.substr(0, dot);
    switch (judge_label(last)) {
      case Label::kGood: break;
      case Label::kUnderscore: shape = DnsShape::kUnderscore; break;
      case Label::kBad: return DnsShape::kOther;
    }
    if (dot == std::string_view::npos) break;
    name.remove_prefix(dot + 1);
  }
  // No top-level domain is a number (RFC 3696 section 2), so that addresses and names cannot be confused.
  return all_digits(last) ? DnsShape::kIpAddress : shape;
}

bool dns_matches(std::string_view presented, std::string_view reference, Mode mode) {
  const DnsShape shape = dns_shape(presented);
  if (shape == DnsShape::kHost || (shape == DnsShape::kUnderscore && mode == Mode::kTolerant)) {
    return equal_ignoring_case(presented, reference);
  }
  if (shape != DnsShape::kWildcard) return false;
  const std::string base = ascii_lower(presented.substr(2));
  const auto dot = reference.find('.');
  if (dot == std::string_view::npos || dot == 0 || reference.substr(dot + 1) != base) return false;
  return mode == Mode::kWeb ? !is_public_suffix(base) : !is_listed_public_suffix(base);
}

}  // namespace

DnsShape dns_shape(std::string_view name) {
  if (!name.starts_with("*.")) return host_shape(name);
  return host_shape(name.substr(2)) == DnsShape::kHost ? DnsShape::kWildcard : DnsShape::kOther;
}

std::optional<Mailbox> split_mailbox(std::string_view address) {
  const auto at = address.find('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == address.size()) return std::nullopt;
  if (address.find('@', at + 1) != std::string_view::npos) return std::nullopt;
  return Mailbox{address.substr(0, at), address.substr(at + 1)};
}

std::optional<Reference> Reference::from_text(std::string_view text) {
  std::string_view address = text;
  if (address.size() > 2 && address.front() == '[' && address.back() == ']')
    address = address.substr(1, address.size() - 2);
  if (auto ip = x509::ip_from_text(address)) return Reference{Kind::kIp, std::string(address), std::move(*ip)};
  if (text.ends_with('.')) text.remove_suffix(1);
  const DnsShape shape = host_shape(text);
  if (shape != DnsShape::kHost && shape != DnsShape::kUnderscore) return std::nullopt;
  return Reference{Kind::kDns, ascii_lower(text), {}};
}

std::optional<Reference> Reference::email(std::string_view text) {
  if (!split_mailbox(text)) return std::nullopt;
  return Reference{Kind::kEmail, std::string(text), {}};
}

bool matches(const x509::GeneralName& presented, const Reference& reference, Mode mode) {
  using PresentedKind = x509::GeneralName::Kind;
  switch (reference.kind) {
    case Reference::Kind::kDns:
      return presented.kind == PresentedKind::kDns && dns_matches(presented.text(), reference.text, mode);
    case Reference::Kind::kIp: return presented.kind == PresentedKind::kIp && equal(presented.value, reference.ip);
    case Reference::Kind::kEmail: {
      if (presented.kind != PresentedKind::kEmail) return false;
      const auto a = split_mailbox(presented.text());
      const auto b = split_mailbox(reference.text);
      return a && b && a->local == b->local && equal_ignoring_case(a->host, b->host);
    }
  }
  return false;
}

bool matches(const x509::CertificateFields& certificate, const Reference& reference, Mode mode) {
  if (!certificate.subject_alt_names) return false;
  return std::ranges::any_of(*certificate.subject_alt_names,
                             [&](const x509::GeneralName& name) { return matches(name, reference, mode); });
}

}  // namespace certferry::chain
