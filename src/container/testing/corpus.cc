#include "container/testing/corpus.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>

namespace certferry::container::testing {

namespace fs = std::filesystem;

std::optional<fs::path> in_corpus(const std::string& path) {
  const char* named = std::getenv("CERTFERRY_CORPUS");
  fs::path whole = (named ? fs::path(named) : fs::path(CERTFERRY_SOURCE_DIR) / "../shared/corpus") / path;
  if (fs::exists(whole)) return whole;
  // A corpus that is there and lacks the file is a broken one, not an absent one.
  if (fs::exists(whole.parent_path())) ADD_FAILURE() << "no " << whole << " in a corpus that is there";
  const char* ci = std::getenv("CI");
  if (ci && std::string(ci) == "true") ADD_FAILURE() << "no " << whole << "; set CERTFERRY_CORPUS";
  std::cout << "*** NOT RUN: there is no " << whole << "; set CERTFERRY_CORPUS\n";
  return std::nullopt;
}

Bytes bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace certferry::container::testing
