// Two machines with one computer's keys: a copied disk, a snapshot that was started beside its original. Both sign as one computer.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/finding.h"
#include "base/result.h"
#include "commands/environment.h"
#include "commands/home.h"
#include "fleet/statements.h"
#include "seal/trust.h"
#include "store/store.h"

namespace certferry::commands {

// Looks at one status that its computer signed, beside those that were seen before: remembers it in `batch`, and that there are two
// where one counter bears two different statements, or a start of the computer that another one had followed speaks again. What is
// merely old says nothing: a network may be late.
[[nodiscard]] Result<> watch(store::Store& store, store::Batch& batch, const fleet::Member& member,
                             const fleet::Status& status, std::string_view payload);

// Where the fleet is administered: looks at the last status of each active computer, and calls those quarantined of whom there
// are two; nothing is sealed to them from then on. The findings (CF1793) name them, and so does the audit.
[[nodiscard]] Result<Findings> quarantine_clones(Environment& environment, Home& home, Time now);

// What was seen of the computer counts no more: the other one is gone. Fills `batch`.
[[nodiscard]] Result<> forget_clones(store::Store& store, store::Batch& batch, const std::string& fqdn);

}  // namespace certferry::commands
