// Where the statements of a fleet lie in the store. Scopes and types are spelled in lower case there, so that equal ones
// have equal keys; nothing below a name that ends in "/" is another computer's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "fleet/scope.h"

namespace certferry::fleet {

// The fleet's id and its root key: {"schema":1,"fleet":…,"root":…}.
inline constexpr std::string_view kRootKey = "fleet/root";
inline constexpr std::string_view kDelegationKeys = "fleet/delegations/";
inline constexpr std::string_view kEnrolmentKeys = "fleet/enrolments/";
inline constexpr std::string_view kMemberKeys = "fleet/computers/";
inline constexpr std::string_view kManifestKeys = "fleet/manifests/";
inline constexpr std::string_view kSealedKeys = "fleet/sealed/";
inline constexpr std::string_view kStatusKeys = "fleet/status/";

[[nodiscard]] std::string delegation_key(std::string_view key_id);
[[nodiscard]] std::string enrolment_key(std::string_view fqdn);
[[nodiscard]] std::string member_key(std::string_view fqdn);
[[nodiscard]] std::string manifest_key(const Scope& scope, std::string_view type);
// Everything that is sealed to one computer.
[[nodiscard]] std::string sealed_keys_of(std::string_view fqdn);
[[nodiscard]] std::string sealed_key(std::string_view fqdn, const Scope& scope, std::string_view type,
                                     std::uint64_t generation);
[[nodiscard]] std::string status_key(std::string_view fqdn);

}  // namespace certferry::fleet
