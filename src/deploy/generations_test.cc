#include "deploy/generations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <set>

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

class GenerationsOnDisk : public ::testing::Test {
 protected:
  std::string live() {
    const auto found = generations_.live();
    if (!found) return found.error().id + ": " + found.error().message;
    const auto number = [](const std::optional<Generation>& one) { return one ? std::to_string(one->number) : "-"; };
    return "current " + number(found->current) + ", next " + number(found->next) + ", previous " +
           number(found->previous);
  }
  std::string served() { return std::string(disk_.read("/home/live/Web/current/fullchain.pem", 1 << 20)->text()); }

  const Material& one_ = material("one.example");
  const Material& two_ = material("two.example");
  FaultFileSystem disk_;
  Generations generations_{disk_, "/home", "Web"};
};

TEST_F(GenerationsOnDisk, AreStagedWithoutBeingUsed) {
  EXPECT_EQ(*generations_.stage(one_.generation(), {}), 1u);
  EXPECT_EQ(live(), "current -, next -, previous -");
  EXPECT_THAT(*disk_.list("/home/generations/Web/1"),
              ElementsAre("cert.pem", "chain.pem", "fullchain.pem", "privkey.pem", "sha256"));
  EXPECT_THAT(*generations_.verify({}), IsEmpty());
}

TEST_F(GenerationsOnDisk, AreFlippedAndFlippedBack) {
  ASSERT_TRUE(generations_.stage(one_.generation(), {}));
  EXPECT_TRUE(*generations_.bring_to({.current = one_.sha256, .next = {}, .previous = {}}));
  EXPECT_EQ(*generations_.stage(two_.generation(), {}), 2u);
  EXPECT_TRUE(*generations_.bring_to({.current = one_.sha256, .next = two_.sha256, .previous = {}}));
  EXPECT_EQ(live(), "current 1, next 2, previous -");
  EXPECT_EQ(served(), one_.certificate + one_.chain);
  EXPECT_TRUE(*generations_.bring_to({.current = two_.sha256, .next = {}, .previous = one_.sha256}));
  EXPECT_EQ(live(), "current 2, next -, previous 1");
  EXPECT_EQ(served(), two_.certificate + two_.chain);
  EXPECT_TRUE(*generations_.bring_to({.current = one_.sha256, .next = {}, .previous = two_.sha256}));
  EXPECT_EQ(live(), "current 1, next -, previous 2");
  EXPECT_THAT(*generations_.verify({}), IsEmpty());
}

TEST_F(GenerationsOnDisk, AreNotWrittenTwice) {
  const Desired desired = {.current = one_.sha256, .next = {}, .previous = {}};
  ASSERT_TRUE(generations_.stage(one_.generation(), {}));
  ASSERT_TRUE(generations_.bring_to(desired));
  const auto before = disk_.dump();
  EXPECT_EQ(*generations_.stage(one_.generation(), {}), 1u);
  EXPECT_FALSE(*generations_.bring_to(desired));
  EXPECT_EQ(disk_.dump(), before);
}

TEST_F(GenerationsOnDisk, AreNeverChanged) {
  ASSERT_TRUE(generations_.stage(one_.generation(), {}));
  EXPECT_EQ(*generations_.stage(one_.generation(), kGroup), 2u) << "other readers";
  GenerationFiles shorter = one_.generation();
  shorter.chain.clear();
  EXPECT_EQ(*generations_.stage(shorter, kGroup), 3u) << "another chain";
  EXPECT_EQ((*disk_.status("/home/generations/Web/1/privkey.pem"))->mode, 0600u);
  EXPECT_EQ((*disk_.status("/home/generations/Web/2/privkey.pem"))->mode, 0640u);
}

TEST_F(GenerationsOnDisk, AreNamedWhenDamagedAndReplacedByANewOne) {
  const Desired desired = {.current = one_.sha256, .next = {}, .previous = {}};
  ASSERT_TRUE(generations_.stage(one_.generation(), {}));
  ASSERT_TRUE(generations_.bring_to(desired));
  for (const char* file : {"privkey.pem", "cert.pem", "sha256"}) {
    const std::string path = "/home/live/Web/current/" + std::string(file);
    disk_.damage(path, "broken");
    const Findings findings = *generations_.verify({});
    ASSERT_FALSE(findings.empty()) << file;
    EXPECT_EQ(findings[0].id, "CF1601");
    const std::uint64_t before = (*generations_.live()).current->number;
    EXPECT_EQ(*generations_.stage(one_.generation(), {}), before + 1) << file;
    EXPECT_TRUE(*generations_.bring_to(desired));
    EXPECT_EQ(served(), one_.certificate + one_.chain);
    ASSERT_TRUE(generations_.prune(0));
    EXPECT_THAT(*generations_.verify({}), IsEmpty());
  }
}

TEST_F(GenerationsOnDisk, RefuseNamesThatTheyDidNotMake) {
  ASSERT_TRUE(generations_.stage(one_.generation(), {}));
  ASSERT_TRUE(make_folders(disk_, "/home/live/Web", 0755));
  ASSERT_TRUE(disk_.make_symlink("/etc/ssl", "/home/live/Web/current"));
  EXPECT_EQ(live(), "CF1603: /home/live/Web/current is not a link that certferry made");
  EXPECT_EQ(generations_.bring_to({.current = one_.sha256, .next = {}, .previous = {}}).error().id, "CF1603");
  EXPECT_EQ(*disk_.read_symlink("/home/live/Web/current"), "/etc/ssl");
  EXPECT_EQ(generations_.verify({})->at(0).id, "CF1603");
}

TEST_F(GenerationsOnDisk, ArePrunedUnlessANamePointsAtThem) {
  for (const char* name : {"a", "b", "c", "d", "e"}) ASSERT_TRUE(generations_.stage(material(name).generation(), {}));
  ASSERT_TRUE(generations_.bring_to({.current = material("a").sha256, .next = {}, .previous = material("c").sha256}));
  ASSERT_TRUE(generations_.prune(1));
  EXPECT_THAT(*disk_.list("/home/generations/Web"), ElementsAre("1", "3", "5"));
  EXPECT_EQ(live(), "current 1, next -, previous 3");
}

// The flip from one to two, at every step a failure, a kill or a power cut: a service that reads `current` gets all of
// one or all of two; the same commands again end as if nothing had happened.
class FlipSweep : public ::testing::TestWithParam<int> {};

TEST_P(FlipSweep, EndsInOldOrNewAndConverges) {
  const Material& one = material("one.example");
  const Material& two = material("two.example");
  const auto flip = [&](Generations& generations) -> Result<> {
    CERTFERRY_TRY(generations.stage(two.generation(), kGroup));
    CERTFERRY_TRY(generations.bring_to({.current = two.sha256, .next = {}, .previous = one.sha256}));
    return generations.prune(0);
  };
  std::set<std::string> outcomes;
  for (std::uint64_t step = 0;; ++step) {
    SCOPED_TRACE(step);
    FaultFileSystem disk;
    Generations generations(disk, "/home", "Web");
    // A generation that prune has to remove, too.
    ASSERT_TRUE(generations.stage(material("zero.example").generation(), kGroup));
    ASSERT_TRUE(generations.stage(one.generation(), kGroup));
    ASSERT_TRUE(generations.bring_to({.current = one.sha256, .next = {}, .previous = {}}));
    disk.heal();
    if (GetParam() < 2) {
      disk.fail_at(step, GetParam() == 0 ? ENOSPC : EIO);
    } else {
      disk.kill_at(step);
    }
    const auto result = flip(generations);
    const bool reached = disk.steps() > step;
    EXPECT_EQ(reached && GetParam() >= 2, !result && GetParam() >= 2);
    if (GetParam() == 3) disk.cut_power(FaultFileSystem::Loss::kEverything);
    if (GetParam() == 4) disk.cut_power(FaultFileSystem::Loss::kContent);
    disk.heal();

    const auto certificate = disk.read("/home/live/Web/current/fullchain.pem", 1 << 20);
    const auto key = disk.read("/home/live/Web/current/privkey.pem", 1 << 20);
    ASSERT_TRUE(certificate && key);
    const bool is_new = certificate->text() == two.certificate + two.chain;
    const Material& served = is_new ? two : one;
    EXPECT_EQ(certificate->text(), served.certificate + served.chain);
    EXPECT_EQ(key->text(), served.key);
    outcomes.insert(is_new ? "new" : "old");
    if (is_new) {
      EXPECT_EQ(generations.live()->previous->sha256, one.sha256) << "no way back";
    }
    EXPECT_THAT(*generations.verify(kGroup), IsEmpty());

    ASSERT_TRUE(flip(generations));
    disk.cut_power(FaultFileSystem::Loss::kEverything);
    EXPECT_EQ(generations.live()->current->sha256, two.sha256);
    EXPECT_EQ(generations.live()->previous->sha256, one.sha256);
    EXPECT_EQ(generations.list()->size(), 2u);
    EXPECT_THAT(*generations.verify(kGroup), IsEmpty());
    EXPECT_THAT(*generations.leftovers(), IsEmpty());
    if (!reached) break;
  }
  EXPECT_THAT(outcomes, ElementsAre("new", "old"));
}

constexpr const char* kFaults[] = {"NoSpace", "BadDisk", "Kill", "PowerCut", "PowerCutKeepsNames"};
INSTANTIATE_TEST_SUITE_P(Faults, FlipSweep, ::testing::Range(0, 5),
                         [](const auto& fault) { return kFaults[fault.param]; });

}  // namespace
}  // namespace certferry::deploy
