// The corpus of foreign files and vectors, which lies beside the project. Not part of the program.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace certferry::container::testing {

// A file or folder of the corpus ($CERTFERRY_CORPUS, else ../shared/corpus beside the project). Nothing where it is not there:
// then the test has been told to fail (CI=true), or says that it did not run, and returns.
[[nodiscard]] std::optional<std::filesystem::path> in_corpus(const std::string& path);

[[nodiscard]] Bytes bytes_of(const std::filesystem::path& path);

}  // namespace certferry::container::testing
