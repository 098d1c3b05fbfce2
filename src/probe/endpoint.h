// "host:port" as people write it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace certferry::probe {

struct Endpoint {
  std::string host;  // a name in ASCII, or an IPv4 or IPv6 address without brackets
  std::uint16_t port = 0;

  bool operator==(const Endpoint&) const = default;
};

// "www.example:443", "192.0.2.1:443", "[2001:db8::1]:443", "[fe80::1%eth0]:443". Error: CF2001 (kUsage).
[[nodiscard]] Result<Endpoint> parse_endpoint(std::string_view text);

// The same back, IPv6 addresses in brackets.
[[nodiscard]] std::string to_text(const Endpoint& endpoint);

// Whether `host` is an IPv4 or IPv6 address (a scope such as %eth0 allowed) rather than a name.
[[nodiscard]] bool is_address(std::string_view host);

}  // namespace certferry::probe
