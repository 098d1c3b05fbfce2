// `--wait`: until the computers of the fleet have said what became of what was just signed for them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "commands/awaited.h"
#include "commands/environment.h"
#include "commands/home.h"
#include "commands/outcome.h"

namespace certferry::commands {

struct AwaitedPlace {
  fleet::Scope scope;
  std::string type;
};
// Until each computer that shall use one of these assignments has it (or has it staged) or failed, or `limit` is over. Nothing where there is none.
[[nodiscard]] Result<std::optional<Awaited>> await_places(Environment& environment, Home& home,
                                                          const std::vector<AwaitedPlace>& places,
                                                          std::chrono::seconds limit);

struct AwaitOptions {
  std::string types;  // as written; empty: every type
  std::optional<std::string> identity;  // scope; nothing: this computer
  std::chrono::seconds limit{600};
};

// Takes what a command gave back, and adds what the computers say: those that shall use the assignment of that scope by now have
// it active or verified, or staged where its date is to come. What they say comes by a relay, or by `fleet accept` of
// another process; it is signed, and verified here. Ends when each of them has it or failed, or when the limit is over: CF2408
// (kPartly) where not all have it. Gives back `outcome` as it is where that is a failure, or where no fleet is administered here.
[[nodiscard]] Outcome await_computers(Environment& environment, Home& home, const AwaitOptions& options,
                                      Outcome outcome);

// Where a fleet is administered: adds to `outcome` what the computers said last of what they shall use by now, of one scope's
// assignments (`of`) or of all; exceptions come first, and who has not been heard for half an hour is one. Else `outcome` as it is.
enum class Judge { kNo, kYes };  // yes: CF2424 (kPartly) where there are exceptions, and `outcome` was no failure
[[nodiscard]] Outcome add_computers(Environment& environment, Home& home, const std::optional<AwaitOptions>& of,
                                    Judge judge, Outcome outcome);

}  // namespace certferry::commands
