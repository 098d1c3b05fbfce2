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
// Puts the files of what is assigned where the service's configuration shall name them; the service is neither told nor
// asked. For the first time: later ones are flips. CF1786 where there is no such binding in use, CF1784 where nothing is
// assigned to its types; CF1739, CF1743 of commands/flip.h.
[[nodiscard]] Outcome place_binding(Environment& environment, Home& home, const std::string& name);
// Has the service test its configuration and asks what it serves; changes nothing. Fails with what failed first.
[[nodiscard]] Outcome test_binding(Environment& environment, Home& home, const std::string& name);

}  // namespace certferry::commands
