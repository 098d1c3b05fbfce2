// `certferry join`, on a computer that shall belong to a fleet.
#pragma once

#include <chrono>
#include <string>

#include "base/secret.h"
#include "commands/environment.h"
#include "commands/home.h"
#include "commands/outcome.h"

namespace certferry::commands {

struct JoinOptions {
  Secret token;  // seal::JoinToken, or seal::Invitation where an administrator shall approve this computer
  std::string
      output;  // the file for the statement with which it joins; empty: by way of the relays that the token names
  std::chrono::seconds patience{60};  // for being taken in
  std::string keys_in;                // KeyPlace::device of new keys
  bool new_keys = false;              // of a member of the fleet, in place of those that it has
};

// Makes this computer's keys, and joins. By way of relays it returns once it was taken in and has what it shall have; exit 4
// where nobody took it in yet: its agent goes on by itself then. Killed and run again with the same token it goes on with
// the same keys. With new keys the old ones serve until the fleet's statement about this computer names the new ones (take.h). CF1766 where it belongs to another fleet, CF1776 an old token, CF2405 a token without relays and no
// `output`; CF23xx of the relays.
[[nodiscard]] Outcome join_fleet(Environment& environment, Home& home, const JoinOptions& options);

}  // namespace certferry::commands
