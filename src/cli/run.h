// The program behind main: reads the command line, runs the command, prints what came of it.
#pragma once

namespace certferry::cli {

// Returns the exit code of docs/formats/command-line.md. Overwrites passwords in `argv`.
[[nodiscard]] int run(int argc, char** argv);

}  // namespace certferry::cli
