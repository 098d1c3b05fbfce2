// The way in: from main's arguments to an Invocation.
#pragma once

#include "cli/invocation.h"

namespace certferry::cli {

// The name under which the program was called decides: a cmdlet's, in any case and behind any path, speaks the cmdlet
// dialect; every other name speaks the native one. Passwords in `argv` are overwritten as soon as they are read, also
// when the rest cannot be read, unless another program is to read them again (kKeep). argc may be 0.
enum class SecretWords { kOverwrite, kKeep };
[[nodiscard]] Parsed parse_command_line(int argc, char** argv, SecretWords secrets = SecretWords::kOverwrite);

}  // namespace certferry::cli
