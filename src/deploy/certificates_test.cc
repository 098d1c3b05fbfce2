#include "deploy/certificates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "base/testing/fault_file_system.h"
#include "deploy/testing/material.h"

namespace certferry::deploy {
namespace {

using certferry::testing::FaultFileSystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::material;
using testing::Material;

const KeyAccess kGroup = {.mode = 0640, .group = 7, .readers = {}};
const KeyAccess kAccounts = {.mode = 0600, .group = std::nullopt, .readers = {33, 65534}};

class CertificatesOnDisk : public ::testing::Test {
 protected:
  CertificatesOnDisk() : one_(material("one.example")), path_("/home/certificates/" + one_.sha256) {}
  std::vector<std::string> problems(const KeyAccess& access = {}) {
    std::vector<std::string> lines;
    for (const Finding& finding : certificates_.verify(one_.sha256, access)) {
      std::string text = finding.id + ": " + finding.message;
      if (const auto at = text.find(path_); at != std::string::npos) text.replace(at, path_.size(), "…");
      lines.push_back(std::move(text));
    }
    return lines;
  }
  std::string text(const std::string& file) { return std::string(disk_.read(path_ + "/" + file, 1 << 20)->text()); }

  const Material& one_;
  std::string path_;
  FaultFileSystem disk_;
  Certificates certificates_{disk_, "/home"};
};

TEST_F(CertificatesOnDisk, HoldTheFiveFiles) {
  EXPECT_TRUE(*certificates_.write(one_.files(), {}));
  EXPECT_THAT(*disk_.list(path_), ElementsAre("cert.pem", "chain.pem", "fullchain.pem", "info.json", "privkey.pem"));
  EXPECT_EQ(text("fullchain.pem"), one_.certificate + one_.chain);
  EXPECT_EQ(text("privkey.pem"), one_.key);
  EXPECT_EQ((*disk_.status(path_ + "/privkey.pem"))->mode, 0600u);
  EXPECT_THAT(*certificates_.list(), ElementsAre(one_.sha256));
  EXPECT_THAT(problems(), IsEmpty());
  disk_.cut_power(FaultFileSystem::Loss::kEverything);
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(CertificatesOnDisk, AreNotWrittenTwice) {
  ASSERT_TRUE(certificates_.write(one_.files(), {}));
  const auto before = disk_.dump();
  EXPECT_FALSE(*certificates_.write(one_.files(), {}));
  EXPECT_EQ(disk_.dump(), before);
}

TEST_F(CertificatesOnDisk, TakeAKeyAndALongerChainLater) {
  CertificateFiles bare = one_.files();
  bare.key.reset();
  bare.chain.clear();
  ASSERT_TRUE(*certificates_.write(bare, {}));
  EXPECT_FALSE(*certificates_.has_key(one_.sha256));
  EXPECT_TRUE(*certificates_.write(one_.files(), kAccounts));
  EXPECT_THAT(problems(kAccounts), IsEmpty());
  EXPECT_EQ(text("fullchain.pem"), one_.certificate + one_.chain);
  EXPECT_FALSE(*certificates_.write(bare, kAccounts)) << "a shorter chain or no key takes nothing away";
}

TEST_F(CertificatesOnDisk, ChangeWhoMayReadTheKey) {
  ASSERT_TRUE(certificates_.write(one_.files(), {}));
  for (const KeyAccess& access : {kAccounts, kGroup, KeyAccess{}}) {
    EXPECT_THAT(problems(access), ElementsAre("CF1605: …/privkey.pem may be read by others than it should"));
    EXPECT_TRUE(*certificates_.set_access(one_.sha256, access));
    EXPECT_FALSE(*certificates_.set_access(one_.sha256, access));
    EXPECT_THAT(problems(access), IsEmpty());
  }
}

TEST_F(CertificatesOnDisk, NameEveryDamagedFile) {
  const Material& other = material("other.example");
  const struct {
    const char* file;
    std::string content;
    const char* problem;
  } cases[] = {
      {"cert.pem", "", "CF1601: …/fullchain.pem is not cert.pem followed by chain.pem"},
      {"cert.pem", other.certificate, "CF1601: …/cert.pem holds another certificate than it should"},
      {"chain.pem", other.chain + "x", "CF1601: …/fullchain.pem is not cert.pem followed by chain.pem"},
      {"fullchain.pem", other.certificate, "CF1601: …/fullchain.pem is not cert.pem followed by chain.pem"},
      {"privkey.pem", other.key, "CF1601: …/privkey.pem does not belong to cert.pem"},
      {"privkey.pem", one_.key.substr(0, 80), "CF1601: …/privkey.pem is damaged"},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.problem);
    ASSERT_TRUE(certificates_.remove(one_.sha256));
    ASSERT_TRUE(*certificates_.write(one_.files(), {}));
    disk_.damage(path_ + "/" + test.file, test.content);
    EXPECT_THAT(problems(), ::testing::Contains(::testing::HasSubstr(test.problem)));
    const auto again = certificates_.write(one_.files(), {});
    ASSERT_FALSE(again) << "a damaged folder was taken for a whole one";
    EXPECT_EQ(again.error().id, "CF1601");
  }
  ASSERT_TRUE(disk_.remove(path_ + "/chain.pem"));
  EXPECT_THAT(problems(), ::testing::Contains("CF1601: … lacks chain.pem"));
}

TEST_F(CertificatesOnDisk, CountNothingThatWasLeftBehind) {
  ASSERT_TRUE(certificates_.write(one_.files(), {}));
  ASSERT_TRUE(disk_.make_folder(path_ + ".1-1.new", 0755));
  ASSERT_TRUE(disk_.write_new(path_ + ".1-1.new/privkey.pem", as_bytes("half"), 0600));
  ASSERT_TRUE(disk_.write_new(path_ + "/chain.pem.1-1-1.new", as_bytes("half"), 0644));
  EXPECT_THAT(*certificates_.list(), ElementsAre(one_.sha256));
  EXPECT_EQ(certificates_.leftovers()->size(), 2u);
  const auto kept = certificates_.remove_leftovers([](const std::string&) { return false; });
  ASSERT_TRUE(kept);
  EXPECT_THAT(*kept, IsEmpty());
  EXPECT_EQ(certificates_.leftovers()->size(), 2u);
  ASSERT_TRUE(certificates_.remove_leftovers([](const std::string&) { return true; }));
  EXPECT_THAT(*certificates_.leftovers(), IsEmpty());
  EXPECT_THAT(problems(), IsEmpty());
}

// What the sweep does at every step: a step that fails, a kill, a power cut with either loss.
class Sweep : public ::testing::TestWithParam<int> {
 protected:
  static void arm(FaultFileSystem& disk, std::uint64_t step) {
    if (GetParam() < 2) return disk.fail_at(step, GetParam() == 0 ? ENOSPC : EIO);
    disk.kill_at(step);
  }
  static void after(FaultFileSystem& disk) {
    if (GetParam() == 3) disk.cut_power(FaultFileSystem::Loss::kEverything);
    if (GetParam() == 4) disk.cut_power(FaultFileSystem::Loss::kContent);
    disk.heal();
  }
};

TEST_P(Sweep, ImportIsThereWholeOrNotAtAllAndTheNextRunConverges) {
  const Material& one = material("one.example");
  for (const KeyAccess& access : {KeyAccess{}, kGroup, kAccounts}) {
    for (const bool without_key_before : {false, true}) {
      CertificateFiles bare = one.files();
      bare.key.reset();
      bare.chain.clear();
      for (std::uint64_t step = 0;; ++step) {
        SCOPED_TRACE(step);
        FaultFileSystem disk;
        Certificates certificates(disk, "/home");
        if (without_key_before) {
          ASSERT_TRUE(certificates.write(bare, access));
        }
        disk.heal();
        arm(disk, step);
        const auto result = certificates.write(one.files(), access);
        const bool reached = disk.steps() > step;
        after(disk);
        const auto names = certificates.list();
        ASSERT_TRUE(names);
        if (!names->empty() && !without_key_before) {
          EXPECT_THAT(certificates.verify(one.sha256, access), IsEmpty());
        }
        if (reached && GetParam() < 2 && !result) {
          EXPECT_THAT(*certificates.leftovers(), IsEmpty());
        }
        ASSERT_TRUE(certificates.write(one.files(), access));
        EXPECT_THAT(certificates.verify(one.sha256, access), IsEmpty());
        ASSERT_TRUE(certificates.remove_leftovers([](const std::string&) { return true; }));
        EXPECT_EQ(disk.list("/home/certificates/" + one.sha256)->size(), 5u);
        if (!reached) break;
      }
    }
  }
}

constexpr const char* kFaults[] = {"NoSpace", "BadDisk", "Kill", "PowerCut", "PowerCutKeepsNames"};
INSTANTIATE_TEST_SUITE_P(Faults, Sweep, ::testing::Range(0, 5), [](const auto& fault) { return kFaults[fault.param]; });

}  // namespace
}  // namespace certferry::deploy
