// Where the statements of a fleet lie in the store. Scopes and types are spelled in lower case there, so that equal ones
// have equal keys; nothing below a name that ends in "/" is another computer's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fleet/scope.h"
#include "fleet/topology.h"

namespace certferry::fleet {

// The fleet's id and its root key: {"schema":1,"fleet":…,"root":…}.
inline constexpr std::string_view kRootKey = "fleet/root";
inline constexpr std::string_view kDelegationKeys = "fleet/delegations/";
inline constexpr std::string_view kEnrolmentKeys = "fleet/enrolments/";
inline constexpr std::string_view kMemberKeys = "fleet/computers/";
inline constexpr std::string_view kManifestKeys = "fleet/manifests/";
inline constexpr std::string_view kSealedKeys = "fleet/sealed/";
inline constexpr std::string_view kStatusKeys = "fleet/status/";
// Of computers that want to join: with a token (signed by its key), and without one (signed by the computer's identity key,
// one for each key that asked).
inline constexpr std::string_view kJoinKeys = "fleet/joins/";
inline constexpr std::string_view kRequestKeys = "fleet/requests/";
// One for the fleet: whoever hears it hears what is new.
inline constexpr std::string_view kHeartbeatKey = "fleet/heartbeat";
// Where relays say that they are, by the computer that they run on: {"schema":1,"relays":["host:port"…]}. Nobody signs it: a
// relay proves by its certificate that it is one.
inline constexpr std::string_view kRelayKeys = "fleet/relays/";

[[nodiscard]] std::string delegation_key(std::string_view key_id);
[[nodiscard]] std::string enrolment_key(std::string_view fqdn);
[[nodiscard]] std::string member_key(std::string_view fqdn);
[[nodiscard]] std::string manifest_key(const Scope& scope, std::string_view type);
// Everything that is sealed to one computer.
[[nodiscard]] std::string sealed_keys_of(std::string_view fqdn);
[[nodiscard]] std::string sealed_key(std::string_view fqdn, const Scope& scope, std::string_view type,
                                     std::uint64_t generation);
[[nodiscard]] std::string status_key(std::string_view fqdn);
[[nodiscard]] std::string join_key(std::string_view fqdn);
[[nodiscard]] std::string relay_key(std::string_view fqdn);
[[nodiscard]] std::string request_key(std::string_view fqdn, std::string_view key_id);

// What `computer` is told: keys, and prefixes (they end in "/") that stand for everything below them.
[[nodiscard]] std::vector<std::string> keys_for(const Computer& computer);

}  // namespace certferry::fleet
