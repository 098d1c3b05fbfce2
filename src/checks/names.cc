#include "checks/names.h"

#include <algorithm>

#include "base/ascii.h"
#include "checks/checks.h"

namespace certferry::checks {
namespace {

std::string_view without_dot(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

bool dns_matches(std::string_view presented, std::string_view wanted) {
  if (equal_ignoring_case(presented, wanted)) return true;
  if (!presented.starts_with("*.") || wanted.starts_with("*")) return false;
  std::size_t dot = wanted.find('.');
  return dot != std::string_view::npos && dot > 0 && equal_ignoring_case(presented.substr(1), wanted.substr(dot));
}

}  // namespace

std::vector<std::string> dns_names(const x509::Certificate& certificate) {
  std::vector<std::string> names;
  if (!certificate->subject_alt_names) return names;
  for (const x509::GeneralName& name : *certificate->subject_alt_names) {
    if (name.kind == x509::GeneralName::Kind::kDns) names.emplace_back(name.text());
  }
  return names;
}

std::vector<std::string> labels_of(std::string_view name) {
  std::vector<std::string> labels;
  while (true) {
    std::size_t dot = name.find('.');
    labels.emplace_back(name.substr(0, dot));
    if (dot == std::string_view::npos) return labels;
    name.remove_prefix(dot + 1);
  }
}

std::string dns_problem(std::string_view name) {
  if (name.empty()) return "it is empty";
  if (name.find("://") != std::string_view::npos) return "it is a URL";
  if (x509::ip_from_text(name)) return "it is an IP address";
  if (name.ends_with('.')) return "it ends with a dot";
  if (name.starts_with('.')) return "it begins with a dot";
  if (name.size() > 253) return "it has more than 253 characters";
  if (name.find(':') != std::string_view::npos) return "it has a colon; ports do not belong into names";
  for (const std::string& label : labels_of(name)) {
    if (label.empty()) return "a label is empty";
    if (label.size() > 63) return "a label has more than 63 characters";
    // Wildcards and what lies beyond ASCII have checks of their own.
    auto plain = [](char c) {
      return ascii_letter(c) || ascii_digit(c) || c == '-' || c == '*' || (static_cast<unsigned char>(c) & 0x80) != 0;
    };
    if (label.find('_') != std::string::npos) return "a label has an underscore";
    if (!std::ranges::all_of(label, plain)) return "a label has other characters than letters, digits and '-'";
    if (label.front() == '-' || label.back() == '-') return "a label begins or ends with '-'";
  }
  return "";
}

bool covers(const x509::Certificate& certificate, std::string_view name) {
  if (!certificate->subject_alt_names) return false;
  std::optional<Bytes> address = x509::ip_from_text(name);
  std::string_view wanted = without_dot(name);
  return std::ranges::any_of(*certificate->subject_alt_names, [&](const x509::GeneralName& each) {
    if (address) return each.kind == x509::GeneralName::Kind::kIp && equal(each.value, *address);
    return each.kind == x509::GeneralName::Kind::kDns && dns_matches(each.text(), wanted);
  });
}

bool name_covers(std::string_view presented, std::string_view name) {
  const std::optional<Bytes> address = x509::ip_from_text(name);
  return address ? x509::ip_from_text(presented) == address : dns_matches(presented, without_dot(name));
}

std::vector<NeededName> needed_names(std::span<const fleet::Type> types, std::span<const fleet::Computer> computers) {
  std::vector<NeededName> needed;
  auto add = [&](const std::string& name, std::string because, bool required) {
    auto same = std::ranges::find_if(needed, [&](const NeededName& n) { return equal_ignoring_case(n.name, name); });
    if (same == needed.end()) {
      needed.push_back({name, std::move(because), required});
    } else if (required && !same->required) {
      *same = {name, std::move(because), required};
    }
  };
  for (const fleet::Type& type : types) {
    auto origin = type.origins.find("names");
    std::string where = origin == type.origins.end() ? "" : " (" + origin->second + ")";
    for (const std::string& name : type.names) add(name, "names of " + type.name + where, true);
    if (!type.covers_computer) continue;
    for (const fleet::Computer& computer : computers) {
      if (!computer.hosts(type.name)) continue;
      for (const std::string& name : computer.own_names()) {
        add(name, (name == computer.fqdn ? "fqdn" : "pool") + (" of " + computer.fqdn) + ", for " + type.name, false);
      }
    }
  }
  return needed;
}

}  // namespace certferry::checks
