// What a computer of the fleet says of itself, and what is known of it where the fleet is administered.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "commands/environment.h"
#include "commands/home.h"
#include "commands/outcome.h"
#include "fleet/statements.h"
#include "seal/trust.h"
#include "store/store.h"

namespace certferry::commands {

// On a computer: what serves each use that the fleet gave it, and how its last flip ended; without a counter. CF1763.
[[nodiscard]] Result<fleet::Status> current_status(Environment& environment, Home& home);
// The envelope of `status` with this computer's next counter, as JSON.
[[nodiscard]] Result<std::string> sign_status(Environment& environment, Home& home, fleet::Status status);
// Signs the current one and writes it to `output`.
[[nodiscard]] Outcome write_status(Environment& environment, Home& home, const std::string& output);

// Where the fleet is administered: keeps that. False: it was known. Errors of seal/trust.h; CF1767 where the fleet has no such
// computer; CF2217 for an older one.
[[nodiscard]] Result<bool> accept_status(store::Store& store, const seal::Trust& trust, const std::string& statement,
                                         Time now);
// What `member` said last; nothing where it has not answered, or what is stored is not its own word.
[[nodiscard]] Result<std::optional<fleet::Status>> last_status(store::Store& store, const seal::Trust& trust,
                                                               const fleet::Member& member);

}  // namespace certferry::commands
