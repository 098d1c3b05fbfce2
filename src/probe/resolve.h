// From a host's name to its addresses.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"

namespace certferry::probe {

// Every address of `host`, IPv4 and IPv6, in the order in which the system would try them, as text that Target::host
// takes ("192.0.2.1", "2001:db8::1"), none twice. An address is its own and only answer. The system's resolver knows no
// limit: it runs in a thread of its own, which is left behind when `limit` is over.
// Errors: CF2010 there is no such host, CF2011 the resolver does not answer or failed.
[[nodiscard]] Result<std::vector<std::string>> resolve(const std::string& host, std::chrono::milliseconds limit);

// The same for many hosts at once, the answers in their order.
[[nodiscard]] std::vector<Result<std::vector<std::string>>> resolve_many(const std::vector<std::string>& hosts,
                                                                         std::chrono::milliseconds limit);

}  // namespace certferry::probe
