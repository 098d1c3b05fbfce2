#include "deploy/published_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "base/testing/fault_file_system.h"

namespace certferry::deploy {
namespace {

using certferry::testing::FaultFileSystem;

constexpr std::string_view kPath = "/home/jwks/Tokens.json";

class Published {
 public:
  explicit Published(std::string_view before) {
    EXPECT_TRUE(make_folders(disk, "/home/jwks", 0755));
    if (!before.empty()) {
      EXPECT_TRUE(replace_file(disk, std::string(kPath), as_bytes(before), 0640));
    }
    disk.heal();
  }

  [[nodiscard]] std::string text() {
    const auto held = disk.read(std::string(kPath), 1 << 20);
    return held ? std::string(held->text()) : "none";
  }

  FaultFileSystem disk;
  Binding binding = *parse_binding(
      "name = \"sts\"\ntypes = [\"Tokens\"]\n[[file]]\ncontent = \"jwks\"\npath = \"${home}/jwks/${type}.json\"\n"
      "[reload]\nnone = true\n",
      "sts.toml");
  PublishedFile file{disk, binding, {"/home", "Tokens", "sts"}, 0};
};

TEST(PublishedFile, IsWrittenWhereItDiffers) {
  Published it("");
  EXPECT_TRUE(*it.file.put("one"));
  EXPECT_EQ(it.text(), "one");
  it.disk.heal();
  EXPECT_FALSE(*it.file.put("one"));
  EXPECT_EQ(it.disk.steps(), 0U) << "nothing was to be done";
  EXPECT_TRUE(*it.file.put("two"));
  EXPECT_TRUE(it.disk.set_mode(std::string(kPath), 0600));
  EXPECT_TRUE(*it.file.put("two")) << "verifiers could not read it";
  EXPECT_EQ((*it.disk.status(std::string(kPath)))->mode, 0644U);
}

TEST(PublishedFile, GivesBackWhatWasThere) {
  Published own("by hand");
  EXPECT_TRUE(*own.file.put("one"));
  EXPECT_TRUE(*own.file.put("two"));
  EXPECT_TRUE(*own.file.take_away());
  EXPECT_EQ(own.text(), "by hand");
  EXPECT_EQ((*own.disk.status(std::string(kPath)))->mode, 0640U);
  EXPECT_FALSE(*own.file.take_away()) << "it is not ours any more";
  Published none("");
  EXPECT_TRUE(*none.file.put("one"));
  EXPECT_TRUE(*none.file.take_away());
  EXPECT_EQ(none.text(), "none");
}

TEST(PublishedFile, ReplacesNothingButFiles) {
  Published it("");
  EXPECT_TRUE(it.disk.make_folder(std::string(kPath), 0755));
  EXPECT_EQ(it.file.put("one").error().id, "CF1660");
}

// At each step the disk is full, or the process is killed, or the power is cut.
enum class Fault { kNoSpace, kKill, kPowerCut };
class PublishedFileSweep : public ::testing::TestWithParam<Fault> {};

TEST_P(PublishedFileSweep, IsOldOrNewAndWhatWasThereIsNeverLost) {
  for (std::uint64_t step = 0;; ++step) {
    SCOPED_TRACE(step);
    Published it("by hand");
    if (GetParam() == Fault::kNoSpace) it.disk.fail_at(step, ENOSPC);
    else it.disk.kill_at(step);
    static_cast<void>(it.file.put("one"));
    const bool reached = it.disk.steps() > step;
    if (GetParam() == Fault::kPowerCut) it.disk.cut_power(FaultFileSystem::Loss::kEverything);
    it.disk.heal();
    EXPECT_THAT(it.text(), ::testing::AnyOf("by hand", "one"));
    ASSERT_TRUE(it.file.put("two"));
    EXPECT_EQ(it.text(), "two");
    ASSERT_TRUE(*it.file.take_away());
    EXPECT_EQ(it.text(), "by hand");
    if (reached) continue;
    EXPECT_GT(step, 10U);
    break;
  }
}

INSTANTIATE_TEST_SUITE_P(Faults, PublishedFileSweep,
                         ::testing::Values(Fault::kNoSpace, Fault::kKill, Fault::kPowerCut));

}  // namespace
}  // namespace certferry::deploy
