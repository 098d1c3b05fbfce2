#include "base/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/testing/fault_file_system.h"

namespace certferry {
namespace {

using ::testing::ElementsAre;
using testing::FaultFileSystem;
using ::testing::IsEmpty;

constexpr unsigned kNobody = 65534;

class PosixFiles : public ::testing::Test {
 protected:
  PosixFiles() {
    std::string name = (std::filesystem::temp_directory_path() / "certferry-file-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    std::filesystem::permissions(folder_, std::filesystem::perms(0755));
  }
  ~PosixFiles() override { std::filesystem::remove_all(folder_); }
  std::string path(std::string_view name) const { return folder_ + "/" + std::string(name); }
  std::string text(const std::string& name) {
    const auto content = files_.read(path(name), 1000);
    return content ? std::string(content->text()) : content.error().id;
  }

  std::string folder_;
  PosixFileSystem files_;
};

TEST_F(PosixFiles, ReadsWholeFilesUpToTheLimit) {
  ASSERT_TRUE(files_.write_new(path("a"), as_bytes("12345"), 0644));
  EXPECT_EQ(files_.read(path("a"), 5)->text(), "12345");
  const auto large = files_.read(path("a"), 4);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().id, "CF1112");
  EXPECT_EQ(large.error().kind, ErrorKind::kRejected);
  EXPECT_EQ(files_.read(path("none"), 4).error(),
            (Error{ErrorKind::kFailed, "CF1114", "cannot read " + path("none") + ": No such file or directory",
                   "check the spelling of the path"}));
  EXPECT_EQ(files_.read(folder_, 4).error().id, "CF1113");
}

TEST_F(PosixFiles, ReadsPipes) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], "piped", 5), 5);
  ::close(ends[1]);
  EXPECT_EQ(files_.read("/dev/fd/" + std::to_string(ends[0]), 100)->text(), "piped");
  ::close(ends[0]);
}

TEST_F(PosixFiles, NeverWritesOverAFileOrThroughALink) {
  ASSERT_TRUE(files_.write_new(path("a"), as_bytes("first"), 0644));
  EXPECT_EQ(files_.write_new(path("a"), as_bytes("second"), 0644).error().id, "CF1111");
  ASSERT_TRUE(files_.make_symlink(path("elsewhere"), path("link")));
  EXPECT_EQ(files_.write_new(path("link"), as_bytes("second"), 0644).error().id, "CF1111");
  EXPECT_EQ(text("a"), "first");
  EXPECT_EQ(text("elsewhere"), "CF1114");
}

TEST_F(PosixFiles, GivesTheModeWhateverTheUmask) {
  const mode_t before = ::umask(077);
  ASSERT_TRUE(files_.write_new(path("public"), as_bytes("x"), 0644));
  ::umask(0);
  ASSERT_TRUE(files_.write_new(path("private"), as_bytes("x"), 0600));
  ::umask(before);
  EXPECT_EQ((*files_.status(path("public")))->mode, 0644u);
  EXPECT_EQ((*files_.status(path("private")))->mode, 0600u);
}

TEST_F(PosixFiles, ReplacesAFileAndLeavesNothingBehind) {
  ASSERT_TRUE(replace_file(files_, path("a"), as_bytes("old"), 0600));
  ASSERT_TRUE(replace_file(files_, path("a"), as_bytes("new"), 0644));
  EXPECT_EQ(text("a"), "new");
  EXPECT_THAT(*files_.list(folder_), ElementsAre("a"));
  EXPECT_FALSE(replace_file(files_, path("none/a"), as_bytes("x"), 0600));
}

TEST_F(PosixFiles, PointsALinkElsewhereInOneStep) {
  ASSERT_TRUE(replace_symlink(files_, path("link"), "one"));
  ASSERT_TRUE(replace_symlink(files_, path("link"), "two"));
  EXPECT_EQ(*files_.read_symlink(path("link")), "two");
  EXPECT_THAT(*files_.list(folder_), ElementsAre("link"));
}

TEST_F(PosixFiles, MakesAndRemovesWholeFolders) {
  ASSERT_TRUE(make_folders(files_, path("x/y/z"), 0755));
  ASSERT_TRUE(
      make_complete_folder(files_, path("x/whole"), "", {{"a", as_bytes("1")}, {"k", as_bytes("2"), {}}}, 0755));
  EXPECT_EQ(text("x/whole/a"), "1");
  EXPECT_EQ((*files_.status(path("x/whole/k")))->mode, 0600u);
  EXPECT_FALSE(make_complete_folder(files_, path("x/whole"), "", {{"a", as_bytes("other")}}, 0755));
  EXPECT_EQ(text("x/whole/a"), "1");
  EXPECT_THAT(*files_.list(path("x")), ElementsAre("whole", "y"));
  ASSERT_TRUE(remove_complete_folder(files_, path("x/whole")));
  EXPECT_THAT(*files_.list(path("x")), ElementsAre("y"));
}

// Whether the account can read the file; a child takes its identity.
bool can_read(const std::string& path, unsigned account) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setgid(account) != 0 || ::setuid(account) != 0) ::_exit(2);
    ::_exit(PosixFileSystem().read(path, 1000) ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) < 2) << "the child could not become account " << account;
  return status == 0;
}

// Other accounts can be tried by root alone.
bool other_accounts_can_be_tried() {
  if (::geteuid() == 0) return true;
  std::fputs("DID NOT RUN: reading as another account needs root\n", stderr);
  EXPECT_EQ(std::getenv("CI"), nullptr) << "with CI=true these tests have to run as root";
  return false;
}

TEST_F(PosixFiles, LetsExactlyTheReadersRead) {
  if (!other_accounts_can_be_tried()) return;
  ASSERT_TRUE(files_.write_new(path("key"), as_bytes("secret"), 0600));
  EXPECT_FALSE(can_read(path("key"), kNobody));
  for (const FileAccess& access : {FileAccess{0600, std::nullopt, {kNobody}}, FileAccess{0640, kNobody, {}}}) {
    ASSERT_TRUE(give_access(files_, path("key"), access));
    EXPECT_TRUE(*has_access(files_, path("key"), access));
    EXPECT_EQ(*files_.readers(path("key")), access.readers);
    EXPECT_TRUE(can_read(path("key"), kNobody));
    EXPECT_FALSE(can_read(path("key"), 1));
    ASSERT_TRUE(give_access(files_, path("key"), {}));
    EXPECT_TRUE(*has_access(files_, path("key"), {}));
    EXPECT_FALSE(can_read(path("key"), kNobody));
  }
}

// At every step, with every fault: the old or the new content, and after the next run the new one.
TEST(ReplaceFile, LeavesOldOrNewWhateverFails) {
  const auto prepare = [](FaultFileSystem& disk) {
    ASSERT_TRUE(replace_file(disk, "/file", as_bytes("old content"), 0600));
    disk.heal();
  };
  FaultFileSystem whole;
  prepare(whole);
  ASSERT_TRUE(replace_file(whole, "/file", as_bytes("new content"), 0600));
  for (std::uint64_t step = 0; step < whole.steps(); ++step) {
    for (const int fault : {0, 1, 2, 3, 4}) {
      SCOPED_TRACE(std::to_string(step) + " fault " + std::to_string(fault));
      FaultFileSystem disk;
      prepare(disk);
      if (fault < 2) {
        disk.fail_at(step, fault == 0 ? ENOSPC : EIO);
      } else {
        disk.kill_at(step);
      }
      const auto result = replace_file(disk, "/file", as_bytes("new content"), 0600);
      if (fault == 3) disk.cut_power(FaultFileSystem::Loss::kEverything);
      if (fault == 4) disk.cut_power(FaultFileSystem::Loss::kContent);
      disk.heal();
      const auto found = disk.read("/file", 100);
      ASSERT_TRUE(found);
      EXPECT_TRUE(found->text() == "old content" || found->text() == "new content") << found->text();
      if (fault < 2 && !result) {
        EXPECT_EQ(disk.list("/")->size(), 1u) << "a failure left something behind";
      }
      ASSERT_TRUE(replace_file(disk, "/file", as_bytes("new content"), 0600));
      disk.cut_power(FaultFileSystem::Loss::kEverything);
      EXPECT_EQ(disk.read("/file", 100)->text(), "new content");
    }
  }
}

// Killed at any step, and again, done then, and a power cut after it: a key that was removed stays away.
TEST(RemoveCompleteFolder, NeverComesBack) {
  for (std::uint64_t step = 0; step < 12; ++step) {
    FaultFileSystem disk;
    ASSERT_TRUE(make_folders(disk, "/keys", 0700));
    ASSERT_TRUE(make_complete_folder(disk, "/keys/a", "", {{"privkey.pem", as_bytes("secret")}}, 0700));
    disk.kill_at(step);
    static_cast<void>(remove_complete_folder(disk, "/keys/a"));
    disk.heal();
    ASSERT_TRUE(remove_complete_folder(disk, "/keys/a"));
    disk.cut_power(FaultFileSystem::Loss::kEverything);
    EXPECT_THAT(*disk.list("/keys"), ::testing::IsEmpty()) << "killed at step " << step;
  }
}

TEST(FaultFileSystem, ForgetsWhatWasNotSynced) {
  FaultFileSystem disk;
  ASSERT_TRUE(disk.write_new("/a", as_bytes("x"), 0644));
  disk.cut_power(FaultFileSystem::Loss::kContent);
  EXPECT_EQ(disk.read("/a", 10)->text(), "");
  ASSERT_TRUE(disk.write_new("/b", as_bytes("x"), 0644));
  ASSERT_TRUE(disk.sync("/b"));
  disk.cut_power(FaultFileSystem::Loss::kEverything);
  EXPECT_THAT(*disk.list("/"), ElementsAre("a"));
}

}  // namespace
}  // namespace certferry
