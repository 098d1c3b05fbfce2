// What went wrong in a handshake, told to people.
#pragma once

#include "base/result.h"

namespace certferry::probe {

// CF2021 for an alert's number (RFC 8446 section 6).
[[nodiscard]] std::unexpected<Error> alert_received(int number);
// "handshake_failure"; "alert 47" for numbers without a name.
[[nodiscard]] std::string alert_name(int number);
// CF2020; `said` is what came in place of a handshake.
[[nodiscard]] std::unexpected<Error> not_tls(std::string_view said);

}  // namespace certferry::probe
