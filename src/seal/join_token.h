// What an administrator hands to the one who sets a computer up: everything that it needs to join, once.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "fleet/topology.h"
#include "x509/private_key.h"

namespace certferry::seal {

struct JoinToken {
  fleet::Computer computer;         // as which it may join
  std::string fleet;                // the root's fingerprint: what the computer pins
  Bytes root;                       // the key itself
  std::vector<std::string> relays;  // "host:port", in the order to try them
  Time not_after{};
  x509::PrivateKey key;             // of the enrolment
};

// "cf1.<base64url of JSON>.<8 digits that show a mistake in copying>". Whoever has it can join as that computer.
[[nodiscard]] Secret to_text(const JoinToken& token);
// White space around it is ignored. CF2220 (kUsage) where it is none, is cut off or was changed,
// or its root is not the fleet's.
[[nodiscard]] Result<JoinToken> join_token_from(std::string_view text);

// What anybody may know who shall find the fleet and know it again; it allows nothing.
struct Invitation {
  std::string fleet;
  Bytes root;
  std::vector<std::string> relays;
  bool operator==(const Invitation&) const = default;
};

// "cfi1.<base64url of JSON>.<8 digits>".
[[nodiscard]] std::string to_text(const Invitation& invitation);
[[nodiscard]] bool is_invitation(std::string_view text);
// As join_token_from(). CF2220.
[[nodiscard]] Result<Invitation> invitation_from(std::string_view text);

}  // namespace certferry::seal
