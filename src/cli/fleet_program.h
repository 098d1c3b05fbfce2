// certferry becomes certferry-fleet where that alone has what is needed: commands::Engines.
#pragma once

#include "base/file.h"
#include "base/result.h"

namespace certferry::cli {

// Where the command line asks for a relay, or for what a computer behind one does: goes on as $CERTFERRY_FLEET_PROGRAM, or the
// certferry-fleet beside this executable, with the same arguments, environment and descriptors. Looks at the home, changes
// nothing, reads no standard input. Returns where it is not needed, or could not be started: CF1081. To be called while
// the process has one thread and before secrets in `argv` are overwritten.
[[nodiscard]] Result<> become_fleet_program_if_needed(int argc, char** argv, FileSystem& files);

}  // namespace certferry::cli
