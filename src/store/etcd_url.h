// Where a store on etcd is: etcd://host:port,host:port/name?ca=/path&cert=/path&key=/path
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace certferry::store {

struct EtcdEndpoint {
  std::string host;  // a DNS name, an IPv4 address, or an IPv6 address without brackets
  std::uint16_t port = 2379;

  [[nodiscard]] std::string text() const;  // "host:port", "[::1]:2379"
  bool operator==(const EtcdEndpoint&) const = default;
};

struct EtcdUrl {
  std::vector<EtcdEndpoint> endpoints;  // at least one, none twice
  std::string name;  // the store's; its keys lie below /certferry/<name>/
  std::string ca;  // absolute path of PEM; empty: without TLS, which loopback alone may be
  std::string certificate;  // the client's chain, PEM; both or none, and none without a CA
  std::string key;

  [[nodiscard]] std::string prefix() const { return "/certferry/" + name + "/"; }
  bool operator==(const EtcdUrl&) const = default;
};

[[nodiscard]] inline bool is_etcd_url(std::string_view text) { return text.starts_with("etcd://"); }

// Nothing is guessed: an unknown or doubled parameter, a relative path, an empty name are CF1512. Paths may hold %XX.
[[nodiscard]] Result<EtcdUrl> parse_etcd_url(std::string_view text);

}  // namespace certferry::store
