// Import of many files: folders, globs, lists. One bad file costs that file alone.
#pragma once

#include <string>
#include <vector>

#include "commands/import.h"

namespace certferry::commands {

// Files stay what they are; a folder becomes the regular files in it that are not hidden, in the order of their names;
// "*" and "?" in the last part of a path stand for what is there.
[[nodiscard]] Result<std::vector<std::string>> expand_paths(Environment& environment,
                                                            const std::vector<std::string>& paths);

// JSON: {"schema":1,"files":[{"path",…as of import}],"summary":{"imported","unchanged","failed"},…}. Fails (kPartly)
// where some files did, and with the error of the first where all did. CF1727 without files, CF1728 with an assignment. Running it again goes on: what is stored is left alone.
[[nodiscard]] Result<Outcome> import_many(Environment& environment, Home& home, const std::vector<std::string>& paths,
                                          const ImportOptions& options);

}  // namespace certferry::commands
