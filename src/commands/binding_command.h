// `certferry binding`: which services take which types, and patterns for more.
#pragma once

#include <string>

#include "commands/environment.h"
#include "commands/home.h"
#include "commands/outcome.h"

namespace certferry::commands {

// The administrator's, then the built-in patterns.
[[nodiscard]] Outcome list_bindings(Environment& environment, Home& home);
// The built-in ones whose service is installed here.
[[nodiscard]] Outcome detect_bindings(Environment& environment, Home& home);
// The text of one: the administrator's, else the built-in. CF1786 where there is none.
[[nodiscard]] Outcome show_binding(Environment& environment, Home& home, const std::string& name);
// Copies a built-in one into the folder of the home's bindings, for the types (as written; empty: its own). CF1787 where
// that file exists.
[[nodiscard]] Outcome new_binding(Environment& environment, Home& home, const std::string& name,
                                  const std::string& types);
// Has the service test its configuration and asks what it serves; changes nothing. Fails with what failed first.
[[nodiscard]] Outcome test_binding(Environment& environment, Home& home, const std::string& name);

}  // namespace certferry::commands
