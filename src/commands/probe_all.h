// `certferry probe --all`: what each connection of this computer's bindings serves, assigned or not.
#pragma once

#include "commands/environment.h"
#include "commands/home.h"
#include "commands/outcome.h"

namespace certferry::commands {

// One line for each connection and answer; those that are asked several times and answer alike are one line. JSON as
// docs/formats/probe.md says. Changes nothing. CF1789 where there is no binding with a [[probe]], CF1788 (kPartly) where one
// serves something else than what is assigned or does not answer.
[[nodiscard]] Outcome probe_all(Environment& environment, Home& home);

}  // namespace certferry::commands
