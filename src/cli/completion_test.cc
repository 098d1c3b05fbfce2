#include "cli/completion.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "cli/man.h"

namespace certferry::cli {
namespace {

const std::vector<std::string> kTypes{"Default", "WebServicesExternal", "WebServicesInternal"};

class CompletionTest : public testing::Test {
 protected:
  CompletionTest() {
    std::string pattern = testing::TempDir() + "completion-XXXXXX";
    directory_ = mkdtemp(pattern.data());
    for (const char* shell : {"bash", "zsh", "fish"}) write(shell, *completion_script(shell, kTypes));
    write("web.pfx", "");
  }
  ~CompletionTest() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& name, const std::string& content) const {
    std::ofstream(directory_ + "/" + name) << content;
  }

  [[nodiscard]] std::string run(const std::string& command) const {
    std::string output;
    FILE* pipe = popen(("cd '" + directory_ + "' && " + command + " 2>&1").c_str(), "r");
    char buffer[4096];
    while (std::size_t got = fread(buffer, 1, sizeof buffer, pipe)) output.append(buffer, got);
    pclose(pipe);
    return output;
  }

  // What bash offers for the last word, one a line.
  [[nodiscard]] std::string offered(const std::vector<std::string>& words) const {
    std::string quoted;
    for (const std::string& word : words) quoted += " \"" + word + "\"";
    write("try", "source ./bash\ncompopt() { :; }\nCOMP_WORDS=(" + quoted + ")\nCOMP_CWORD=" +
                     std::to_string(words.size() - 1) + "\n_certferry\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n");
    return run("bash --norc ./try");
  }

  std::string directory_;
};

TEST_F(CompletionTest, BashCompletesReally) {
  EXPECT_EQ(offered({"certferry", "im"}), "import\n");
  EXPECT_EQ(offered({"certferry", "import", "--pass"}), "--password\n--password-file\n--password-fd\n");
  EXPECT_EQ(offered({"certferry", "--home", "/x", "import", "--ro"}), "--roll\n");
  EXPECT_EQ(offered({"certferry", "import", "we"}), "web.pfx\n");
  EXPECT_EQ(offered({"certferry", "import", "--path", "we"}), "web.pfx\n");
  EXPECT_EQ(offered({"certferry", "import", "--type", "Web"}), "WebServicesExternal\nWebServicesInternal\n");
  EXPECT_EQ(offered({"certferry", "import", "--type", "Default,De"}), "Default,Default\n");
  EXPECT_EQ(offered({"certferry", "check", "--purpose", "s"}), "serverAuth\n");
  EXPECT_EQ(offered({"certferry", "audit", ""}), "list\nverify\n");
  EXPECT_EQ(offered({"Import-CsCertificate", "-Eff"}), "-EffectiveDate\n");
  EXPECT_EQ(offered({"/usr/bin/import-cscertificate", "-TYPE", "Def"}), "Default\n");
  EXPECT_EQ(offered({"Import-CsCertificate", "-PrivateKeyExportable", "T"}), "True\n");
}

TEST_F(CompletionTest, EveryScriptIsRightForItsShell) {
  EXPECT_EQ(run("bash -n ./bash"), "");
  EXPECT_EQ(run("zsh -n ./zsh"), "");
  EXPECT_EQ(run("fish -n ./fish"), "");
}

TEST_F(CompletionTest, FishCompletesReally) {
  EXPECT_EQ(run("fish -c 'source ./fish; complete -C \"certferry import --rol\"'").substr(0, 6), "--roll");
  EXPECT_EQ(run("fish -c 'source ./fish; complete -C \"certferry audit v\"'"), "verify\n");
}

TEST_F(CompletionTest, ManualPagesAreRightForGroffAndShowEveryOption) {
  for (const Command& each : commands()) {
    for (Dialect dialect : {Dialect::kNative, Dialect::kCmdlet}) write("page.1", man_page(each, dialect, "0.1.0"));
    EXPECT_EQ(run("man --warnings -E UTF-8 -l ./page.1 >/dev/null"), "") << each.name;
    const std::string shown = run("MANWIDTH=100 man -P cat -l ./page.1 | col -bx");
    for (const Use& use : each.uses) {
      EXPECT_NE(shown.find(spelled(parameter(use.parameter), Dialect::kCmdlet)), std::string::npos) << shown;
    }
  }
  write("page.1", man_overview("0.1.0"));
  EXPECT_EQ(run("man --warnings -E UTF-8 -l ./page.1 >/dev/null"), "");
}

TEST(Completion, OfAnUnknownShellIsNothing) { EXPECT_FALSE(completion_script("tcsh", kTypes)); }

}  // namespace
}  // namespace certferry::cli
