#include "cli/password.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "cli/native.h"

namespace certferry::cli {
namespace {

class PasswordTest : public testing::Test {
 protected:
  PasswordTest() {
    std::string pattern = testing::TempDir() + "password-XXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  ~PasswordTest() override { std::filesystem::remove_all(directory_); }

  std::string file(const std::string& content, mode_t mode = 0600, const std::string& name = "password") {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path, std::ios::binary) << content;
    chmod(path.c_str(), mode);
    return path;
  }
  static Result<std::optional<Password>> find(std::vector<std::string> options, const char* credentials = nullptr,
                                              bool on_terminal = true) {
    options.insert(options.begin(), {"inspect", "web.pfx"});
    return find_password(*parse_native(options), credentials, on_terminal);
  }

  std::string directory_;
};

TEST_F(PasswordTest, FileLosesOneLineEndAndNoMore) {
  const struct {
    std::string content, password;
  } cases[] = {{"secret", "secret"},
               {"secret\n", "secret"},
               {"secret\r\n", "secret"},
               {"secret\n\n", "secret\n"},
               {" secret \n", " secret "},
               {"", ""},
               {"\n", ""},
               {"p\xc3\xa4ss\n", "p\xc3\xa4ss"},
               {std::string(4096, 'x') + "\r\n", std::string(4096, 'x')}};
  for (const auto& each : cases) {
    auto found = find({"--password-file", file(each.content)});
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ((*found)->value.text(), each.password);
    EXPECT_EQ((*found)->warnings, Findings{});
  }
}

TEST_F(PasswordTest, FileThatHoldsNoPasswordIsRefused) {
  EXPECT_EQ(find({"--password-file", file(std::string(4097, 'x'))}).error().id, "CF1042");
  EXPECT_EQ(find({"--password-file", file(std::string(70000, 'x'))}).error().id, "CF1042");
  EXPECT_EQ(find({"--password-file", file(std::string("a\0b", 3))}).error().id, "CF1043");
  EXPECT_EQ(find({"--password-file", directory_}).error().id, "CF1040");
  EXPECT_EQ(find({"--password-file", directory_ + "/none"}).error(),
            (Error{ErrorKind::kRejected, "CF1040",
                   "the password file '" + directory_ + "/none' cannot be opened: No such file or directory",
                   "check the path and who may read it"}));
}

TEST_F(PasswordTest, FileThatOthersCanReadIsAWarning) {
  for (mode_t mode : {0644, 0640, 0660}) {
    auto found = find({"--password-file", file("secret", mode)});
    ASSERT_TRUE(found);
    ASSERT_EQ((*found)->warnings.size(), 1u);
    EXPECT_EQ((*found)->warnings[0].id, "CF1048");
  }
}

TEST_F(PasswordTest, DescriptorIsReadToItsEnd) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(write(ends[1], "secret\n", 7), 7);
  close(ends[1]);
  auto found = find({"--password-fd", std::to_string(ends[0])});
  ASSERT_TRUE(found);
  EXPECT_EQ((*found)->value.text(), "secret");
  EXPECT_EQ(fcntl(ends[0], F_GETFD), -1) << "closed, so that no child inherits it";
  EXPECT_EQ(find({"--password-fd", "999"}).error().id, "CF1044");
}

TEST_F(PasswordTest, CommandLineIsAWarningOnATerminalOnly) {
  auto on_terminal = find({"--password", "secret"});
  EXPECT_EQ((*on_terminal)->value.text(), "secret");
  ASSERT_EQ((*on_terminal)->warnings.size(), 1u);
  EXPECT_EQ((*on_terminal)->warnings[0].id, "CF1049");
  EXPECT_TRUE((*find({"--password", "secret"}, nullptr, false))->warnings.empty());
}

TEST_F(PasswordTest, SystemdCredentialIsUsedWhenNothingElseIsGiven) {
  file("from systemd\n", 0440, "certferry.password");
  EXPECT_EQ((*find({}, directory_.c_str()))->value.text(), "from systemd");
  EXPECT_TRUE((*find({}, directory_.c_str()))->warnings.empty());
  EXPECT_EQ((*find({"--password", "given"}, directory_.c_str()))->value.text(), "given");
  EXPECT_FALSE(find({}, "/nonexistent")->has_value());
  EXPECT_FALSE(find({}, nullptr)->has_value());
}

}  // namespace
}  // namespace certferry::cli
