// The program behind main: reads the command line, runs the command, prints what came of it.
#pragma once

namespace certferry::commands {
struct Engines;
}

namespace certferry::cli {

// Returns the exit code of docs/formats/command-line.md. Overwrites passwords in `argv`. Without `engines` it becomes another
// program where they are needed (cli/fleet_program.h).
[[nodiscard]] int run(int argc, char** argv, const commands::Engines* engines = nullptr);

}  // namespace certferry::cli
