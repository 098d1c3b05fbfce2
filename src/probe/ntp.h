// Asks an NTP server how late it is: RFC 5905 section 14, the client of SNTP.
#pragma once

#include <chrono>

#include "base/clock.h"
#include "base/result.h"
#include "probe/endpoint.h"

namespace certferry::probe {

inline constexpr std::uint16_t kNtpPort = 123;

// How much later the server's clock is than `clock`, to a second and the time that the answer took. The first address of
// the host that answers is believed; nothing is authenticated. Errors (kFailed) name the server: those of resolve(),
// CF2031 it does not answer in `limit`, CF2032 it answered that it does not know the time itself, or something else.
[[nodiscard]] Result<std::chrono::seconds> ask_ntp(const Endpoint& server, std::chrono::milliseconds limit,
                                                   const Clock& clock);

}  // namespace certferry::probe
