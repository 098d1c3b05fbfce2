#include "cli/help.h"

#include <gtest/gtest.h>

#include <set>

#include "cli/cmdlet.h"
#include "cli/native.h"
#include "cli/words.h"

namespace certferry::cli {
namespace {

TEST(Table, HasUniqueNamesInEveryCommand) {
  for (const Command& each : commands()) {
    std::set<std::string> seen;
    for (std::span<const Use> uses : {each.uses, global_uses()}) {
      for (const Use& use : uses) {
        const Parameter& one = parameter(use.parameter);
        for (std::string name : {std::string(one.option), std::string(one.option_alias)}) {
          if (!name.empty()) {
            EXPECT_TRUE(seen.insert("--" + name).second) << each.name << " " << name;
          }
        }
        for (std::string name : {std::string(one.cmdlet), std::string(one.cmdlet_alias)}) {
          if (!name.empty()) {
            EXPECT_TRUE(seen.insert("-" + name).second) << each.name << " " << name;
          }
        }
        EXPECT_TRUE(help_of(use).ends_with('.')) << one.option;
      }
    }
  }
}

// The words of an example, read as a shell would (single quotes only).
std::vector<std::string> shell_words(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool quoted = false;
  for (char c : line) {
    if (c == '\'') {
      quoted = !quoted;
    } else if (c == ' ' && !quoted) {
      words.push_back(std::exchange(word, {}));
    } else {
      word += c;
    }
  }
  words.push_back(word);
  return words;
}

TEST(Table, EveryExampleCanBeRead) {
  std::size_t examples = 0;
  for (const Command& each : commands()) {
    for (const Example& example : each.examples) {
      auto words = shell_words(example.line.substr(0, example.line.find(" >")));
      const std::string name = words.front();
      words.erase(words.begin());
      const Parsed parsed = name == "certferry" ? parse_native(words) : parse_cmdlet(name, words);
      EXPECT_TRUE(parsed) << example.line;
      if (parsed) {
        EXPECT_EQ(parsed->command(), each.id) << example.line;
      }
      ++examples;
    }
  }
  EXPECT_GT(examples, 15u);
}

TEST(Help, FitsATerminal) {
  std::vector<std::string> pages{help_overview()};
  for (const Command& each : commands()) {
    for (Dialect dialect : {Dialect::kNative, Dialect::kCmdlet}) pages.push_back(help_of(each, dialect));
  }
  for (const std::string& page : pages) {
    bool example = false;
    for (std::string_view line : split(page, '\n')) {
      example = example || line == "Examples:";
      if (example) continue;  // examples are copied: they are not broken
      EXPECT_LE(columns(line), 80u) << line;
    }
  }
}

TEST(Help, OfACommandShowsItsSetsItsOptionsAndExamples) {
  const std::string links = help_of(command(CommandId::kLinks), Dialect::kNative);
  EXPECT_EQ(links.substr(0, links.find("\nFor every command:")),
            "certferry links: make links named after the cmdlets\n"
            "\n"
            "Makes links to this program that are named after the cmdlets and speak their\n"
            "dialect.\n"
            "\n"
            "Usage:\n"
            "  certferry links DIR\n"
            "\n"
            "Options:\n"
            "  DIR                           Where to make the links.\n");
  const std::string cmdlet = help_of(command(CommandId::kImport), Dialect::kCmdlet);
  EXPECT_NE(cmdlet.find("Usage:\n"
                        "  Import-CsCertificate -Path FILE -Identity SCOPE -Type TYPES [parameters]\n"
                        "  Import-CsCertificate -Path FILE [-PrivateKeyExportable BOOLEAN] [parameters]\n"),
            std::string::npos)
      << cmdlet;
  EXPECT_NE(cmdlet.find("\n  -EffectiveDate, -EffectiveTime DATE\n"), std::string::npos) << cmdlet;
  EXPECT_NE(cmdlet.find("\n  --password-fd N               Reads the password from file descriptor N to its\n"),
            std::string::npos)
      << cmdlet;
}

TEST(Help, FindsATopicByEitherName) {
  EXPECT_EQ(find_topic("import")->id, CommandId::kImport);
  EXPECT_EQ(find_topic("IMPORT-CSCERTIFICATE")->id, CommandId::kImport);
  EXPECT_EQ(find_topic("nothing"), nullptr);
}

}  // namespace
}  // namespace certferry::cli
