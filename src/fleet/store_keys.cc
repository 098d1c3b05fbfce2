#include "fleet/store_keys.h"

#include "base/ascii.h"

namespace certferry::fleet {
namespace {

std::string below(std::string_view prefix, std::string_view name) { return std::string(prefix) + std::string(name); }

}  // namespace

std::string delegation_key(std::string_view key_id) { return below(kDelegationKeys, key_id); }
std::string enrolment_key(std::string_view fqdn) { return below(kEnrolmentKeys, fqdn); }
std::string member_key(std::string_view fqdn) { return below(kMemberKeys, fqdn); }

std::string manifest_key(const Scope& scope, std::string_view type) {
  return below(kManifestKeys, scope.key() + "/" + ascii_lower(type));
}

std::string sealed_keys_of(std::string_view fqdn) { return below(kSealedKeys, std::string(fqdn) + "/"); }

std::string sealed_key(std::string_view fqdn, const Scope& scope, std::string_view type, std::uint64_t generation) {
  return sealed_keys_of(fqdn) + scope.key() + "/" + ascii_lower(type) + "/" + std::to_string(generation);
}

std::string status_key(std::string_view fqdn) { return below(kStatusKeys, fqdn); }
std::string relay_key(std::string_view fqdn) { return below(kRelayKeys, fqdn); }
std::string join_key(std::string_view fqdn) { return below(kJoinKeys, fqdn); }

std::string request_key(std::string_view fqdn, std::string_view key_id) {
  return below(kRequestKeys, std::string(fqdn) + "/" + std::string(key_id));
}

std::vector<std::string> keys_for(const Computer& computer) {
  std::vector<std::string> keys = {std::string(kDelegationKeys), std::string(kHeartbeatKey), member_key(computer.fqdn)};
  for (const Scope& scope : computer.scopes()) keys.push_back(below(kManifestKeys, scope.key() + "/"));
  keys.push_back(sealed_keys_of(computer.fqdn));
  return keys;
}

}  // namespace certferry::fleet
