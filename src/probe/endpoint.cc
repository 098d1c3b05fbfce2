#include "probe/endpoint.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/escape.h"

namespace certferry::probe {
namespace {

constexpr std::size_t kLongestName = 255;

std::unexpected<Error> malformed(std::string_view text, std::string_view cause, std::string fix) {
  return fail(ErrorKind::kUsage, "CF2001",
              fmt::format("\"{}\" is no address to connect to: {}", escape_terminal(text.substr(0, 300)), cause),
              std::move(fix));
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

bool is_ipv6(std::string_view host) {
  const std::string address(host.substr(0, host.find('%')));
  in6_addr parsed{};
  return ::inet_pton(AF_INET6, address.c_str(), &parsed) == 1;
}

}  // namespace

bool is_address(std::string_view host) {
  in_addr parsed{};
  return is_ipv6(host) || ::inet_pton(AF_INET, std::string(host).c_str(), &parsed) == 1;
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  const char* const example = "write HOST:PORT, such as www.example.com:443 or [2001:db8::1]:443";
  if (text.find("://") != std::string_view::npos)
    return malformed(text, "it is a URL", "leave out the scheme and the path: www.example.com:443");
  const bool bracketed = text.starts_with('[');
  const std::size_t colon = text.rfind(':');
  if (bracketed && text.find(']') == std::string_view::npos) return malformed(text, "there is no ]", example);
  if (!bracketed && text.find(':') != colon)
    return malformed(text, "it has several colons", "put an IPv6 address into brackets: [2001:db8::1]:443");
  if (colon == std::string_view::npos || (bracketed && colon < text.find(']')))
    return malformed(text, "there is no port", example);

  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  unsigned port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() || port == 0 || port > 65535)
    return malformed(text, "the port is no number from 1 to 65535", example);

  if (bracketed) {
    if (!host.ends_with(']')) return malformed(text, "there is something between ] and the port", example);
    host = host.substr(1, host.size() - 2);
    if (!is_ipv6(host)) return malformed(text, "what stands in brackets is no IPv6 address", example);
  } else {
    if (host.empty()) return malformed(text, "there is no host", example);
    if (host.size() > kLongestName) return malformed(text, "the name is longer than 255 characters", example);
    if (!std::ranges::all_of(host, is_name_character))
      return malformed(text, "the name has characters that host names do not have",
                       "write a name with other letters than ASCII in its ASCII form (xn--…)");
  }
  return Endpoint{std::string(host), static_cast<std::uint16_t>(port)};
}

std::string to_text(const Endpoint& endpoint) {
  const bool brackets = endpoint.host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", brackets ? "[" : "", endpoint.host, brackets ? "]" : "", endpoint.port);
}

}  // namespace certferry::probe
