// WhatIf in a fleet: what a plan means for each of its computers.
#pragma once

#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "commands/assign.h"
#include "commands/home.h"
#include "report/document.h"
#include "x509/certificate.h"

namespace certferry::commands {

// Adds to `document` each computer that hosts one of the types in that scope, whether it can be reached or not: what it said that it has,
// what it would get, what its services did the last time, and what is to be looked at there; those with something to be looked at
// first. `leaf`: the certificate of the plan where the store has none of it yet, or null. Nothing where the home belongs to no fleet.
[[nodiscard]] Result<> describe_computers(Home& home, const std::vector<PlannedAssignment>& planned,
                                          const x509::Certificate* leaf, Time now, report::Document& document);

}  // namespace certferry::commands
