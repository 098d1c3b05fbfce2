#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "checks/checks.h"

namespace certferry::checks {
namespace {

// docs/messages/CF14.md explains each row under the same heading, with the same severity and source.
TEST(Messages, AreExplained) {
  std::ifstream file(CERTFERRY_SOURCE_DIR "/docs/messages/CF14.md");
  ASSERT_TRUE(file) << "docs/messages/CF14.md is missing";
  std::string docs((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::size_t headings = 0;
  for (std::size_t at = docs.find("\n## "); at != std::string::npos; at = docs.find("\n## ", at + 1)) ++headings;
  EXPECT_EQ(headings, table().size());
  for (const Check& row : table()) {
    std::string heading = "\n## " + std::string(row.id) + ": " + std::string(row.title) + "\n";
    std::size_t begin = docs.find(heading);
    ASSERT_NE(begin, std::string::npos) << "no heading '" << heading << "'";
    std::string section = docs.substr(begin + heading.size(), docs.find("\n## ", begin + 1) - begin - heading.size());
    EXPECT_THAT(section, testing::HasSubstr("Looks at " + std::string(row.looks_at) + "."));
    EXPECT_THAT(section, testing::HasSubstr("At worst " + std::string(name_of(row.severity)) + "."));
    EXPECT_THAT(section, testing::HasSubstr("Source: " + std::string(row.source) + "."));
    EXPECT_GT(section.size(), 250U) << row.id << " is hardly explained";
  }
}

}  // namespace
}  // namespace certferry::checks
