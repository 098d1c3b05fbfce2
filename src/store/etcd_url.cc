#include "store/etcd_url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/suggest.h"

namespace certferry::store {
namespace {

constexpr std::string_view kForm = "write it as etcd://HOST:2379,HOST:2379/NAME?ca=/PATH&cert=/PATH&key=/PATH";

std::unexpected<Error> refuse(std::string why, std::string fix = std::string(kForm)) {
  return fail(ErrorKind::kUsage, "CF1512", "the etcd address is not well-formed: " + std::move(why), std::move(fix));
}

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool is_host_name(std::string_view host) {
  if (host.empty() || host.size() > 253) return false;
  while (true) {
    const std::size_t dot = host.find('.');
    const std::string_view label = host.substr(0, dot);
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-' ||
        !std::ranges::all_of(label, [](char c) { return is_alphanumeric(c) || c == '-'; }))
      return false;
    if (dot == std::string_view::npos) return true;
    host.remove_prefix(dot + 1);
  }
}

bool is_address(int family, const std::string& text) {
  in6_addr address;
  return ::inet_pton(family, text.c_str(), &address) == 1;
}

// "1.2.3" and "300.1.1.1" are no host names either.
bool looks_like_ipv4(std::string_view host) { return host.find_first_not_of("0123456789.") == std::string_view::npos; }

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || (is_address(AF_INET, host) && host.starts_with("127."));
}

Result<EtcdEndpoint> parse_endpoint(std::string_view text) {
  EtcdEndpoint endpoint;
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return refuse("'[' without ']'");
    endpoint.host = text.substr(1, close - 1);
    if (!is_address(AF_INET6, endpoint.host)) return refuse("'" + endpoint.host + "' is no IPv6 address");
    port = text.substr(close + 1);
    if (!port.empty() && !port.starts_with(':')) return refuse("something follows ']'");
    has_port = !port.empty();
    if (has_port) port.remove_prefix(1);
  } else {
    const std::size_t colon = text.find(':');
    endpoint.host = text.substr(0, colon);
    has_port = colon != std::string_view::npos;
    if (has_port) port = text.substr(colon + 1);
    const bool sound =
        looks_like_ipv4(endpoint.host) ? is_address(AF_INET, endpoint.host) : is_host_name(endpoint.host);
    if (!sound) return refuse("'" + endpoint.host + "' is no host");
  }
  if (has_port) {
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
    if (error != std::errc() || end != port.data() + port.size() || endpoint.port == 0 || port.starts_with('0'))
      return refuse("'" + std::string(port) + "' is no port");
  }
  return endpoint;
}

Result<std::vector<EtcdEndpoint>> parse_endpoints(std::string_view text) {
  std::vector<EtcdEndpoint> endpoints;
  while (true) {
    const std::size_t comma = text.find(',');
    CERTFERRY_ASSIGN(EtcdEndpoint endpoint, parse_endpoint(text.substr(0, comma)));
    if (std::ranges::find(endpoints, endpoint) != endpoints.end()) return refuse(endpoint.text() + " is named twice");
    endpoints.push_back(std::move(endpoint));
    if (comma == std::string_view::npos) return endpoints;
    text.remove_prefix(comma + 1);
  }
}

Result<std::string> decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    unsigned value = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2 || value == 0)
      return refuse("'" + std::string(text.substr(i, 3)) + "' is no encoded octet");
    decoded += static_cast<char>(value);
    i += 2;
  }
  return decoded;
}

Result<> parse_parameters(std::string_view text, EtcdUrl& url) {
  constexpr std::array<std::string_view, 3> kNames = {"ca", "cert", "key"};
  const std::array<std::string*, 3> values = {&url.ca, &url.certificate, &url.key};
  while (true) {
    const std::size_t end = text.find('&');
    const std::string_view parameter = text.substr(0, end);
    const std::size_t equals = parameter.find('=');
    const std::string name(parameter.substr(0, equals));
    const auto known = std::ranges::find(kNames, name);
    if (known == kNames.end()) {
      const auto meant = did_you_mean(name, std::span<const std::string_view>(kNames));
      return refuse("'" + name + "' is no parameter", meant ? "did you mean '" + *meant + "'?" : std::string(kForm));
    }
    std::string& value = *values[static_cast<std::size_t>(known - kNames.begin())];
    if (!value.empty()) return refuse("'" + name + "' is there twice");
    if (equals == std::string_view::npos) return refuse("'" + name + "' has no value");
    CERTFERRY_ASSIGN(value, decode(parameter.substr(equals + 1)));
    if (!value.starts_with('/')) return refuse("'" + name + "' is no absolute path");
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
}

Result<> check_security(const EtcdUrl& url) {
  if (url.certificate.empty() != url.key.empty())
    return refuse("cert and key go together", "name both, or neither where etcd asks for no client certificate");
  if (!url.ca.empty()) return {};
  if (!url.certificate.empty())
    return refuse("a client certificate without ca", "name the CA that etcd's certificates come from, too");
  for (const EtcdEndpoint& endpoint : url.endpoints) {
    if (!is_loopback(endpoint.host))
      return refuse(endpoint.text() + " would be talked to without TLS",
                    "add ?ca=/PATH, the CA of etcd's certificates; only loopback may go without");
  }
  return {};
}

}  // namespace

std::string EtcdEndpoint::text() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<EtcdUrl> parse_etcd_url(std::string_view text) {
  if (!is_etcd_url(text)) return refuse("it does not begin with etcd://");
  text.remove_prefix(std::string_view("etcd://").size());
  EtcdUrl url;
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || text.substr(0, slash).find('?') != std::string_view::npos)
    return refuse("it names no store");
  CERTFERRY_ASSIGN(url.endpoints, parse_endpoints(text.substr(0, slash)));
  text.remove_prefix(slash + 1);
  const std::size_t question = text.find('?');
  url.name = text.substr(0, question);
  if (url.name.empty() || url.name.size() > 63 || !is_alphanumeric(url.name.front()) ||
      !std::ranges::all_of(url.name, [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; }))
    return refuse("'" + url.name + "' is no name of a store", "letters, digits, '-', '_' and '.', at most 63 of them");
  if (question != std::string_view::npos) CERTFERRY_TRY(parse_parameters(text.substr(question + 1), url));
  CERTFERRY_TRY(check_security(url));
  return url;
}

}  // namespace certferry::store
