#include "commands/flip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "base/testing/fault_file_system.h"
#include "deploy/testing/material.h"

namespace certferry::commands {
namespace {

using certferry::testing::FaultFileSystem;
using deploy::testing::material;
using deploy::testing::Material;
using ::testing::HasSubstr;

constexpr Time kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23);

// A service that does what it is told; what it serves is the end-to-end tests' to see.
class ToldProcess final : public Process {
 public:
  Result<ProcessResult> run(const Command& command) override {
    ran.push_back(command.argv.front());
    ProcessResult result;
    result.status = command.argv.front() == failing ? 1 : 0;
    return result;
  }
  Result<> signal(pid_t, const std::string&, int) override { return {}; }
  bool runs(pid_t, const std::string&) override { return false; }
  std::vector<pid_t> find(const std::string&) override { return {}; }
  Result<std::string> ask(const std::string&, const Secret&, std::chrono::milliseconds) override {
    return std::string();
  }

  std::vector<std::string> ran;
  std::string failing;
};

constexpr std::string_view kBinding =
    "name = \"web\"\ntypes = [\"Web\"]\n"
    "[[file]]\ncontent = \"fullchain\"\npath = \"${folder}/fullchain.pem\"\n"
    "[[file]]\ncontent = \"key\"\npath = \"${folder}/privkey.pem\"\n"
    "[test]\ncommand = [\"/bin/test\"]\n[reload]\ncommand = [\"/bin/reload\"]\n";

class Flipping {
 public:
  Flipping() {
    one = *generations.stage(first.generation(), {});
    two = *generations.stage(second.generation(), {});
    EXPECT_TRUE(flip(first, one));
    disk.heal();
  }

  [[nodiscard]] Result<bool> flip(const Material& to, std::uint64_t number, bool retry = false) {
    Flip flip(disk, process, clock, "/home", generations, "Web", bindings);
    std::optional<std::string> previous;
    if (&to == &second) previous = first.sha256;
    return flip.bring_to({.current = to.sha256, .next = {}, .previous = previous}, number,
                         {.exportable = false, .retry = retry, .now = kNow});
  }
  // "one", "two", or what is wrong with what the service would read.
  [[nodiscard]] std::string service() {
    const auto chain = disk.read("/home/services/web/Web/current/fullchain.pem", 1 << 20);
    const auto key = disk.read("/home/services/web/Web/current/privkey.pem", 1 << 20);
    if (!chain || !key) return "unreadable";
    const auto whose = [&](const Material& one_of) {
      return chain->text() == one_of.certificate + one_of.chain && key->text() == one_of.key;
    };
    return whose(first) ? "one" : whose(second) ? "two" : "a mix";
  }
  [[nodiscard]] std::string live() {
    const auto found = generations.live();
    if (!found || !found->current) return "none";
    return found->current->sha256 == first.sha256 ? "one" : "two";
  }
  [[nodiscard]] Deployment::State state() { return (*read_deployment(disk, "/home", "Web"))->state; }

  const Material& first = material("one.example");
  const Material& second = material("two.example");
  FaultFileSystem disk;
  ToldProcess process;
  ManualClock clock{kNow};
  deploy::Generations generations{disk, "/home", "Web"};
  std::vector<deploy::Binding> bindings = {*deploy::parse_binding(kBinding, "web.toml")};
  std::uint64_t one = 0;
  std::uint64_t two = 0;
};

TEST(Flip, MovesNamesAndFilesAndReloads) {
  Flipping web;
  web.process.ran.clear();
  EXPECT_TRUE(*web.flip(web.second, web.two));
  EXPECT_EQ(web.service(), "two");
  EXPECT_EQ(web.live(), "two");
  EXPECT_EQ(web.state(), Deployment::State::kInPlace);
  EXPECT_THAT(web.process.ran, ::testing::ElementsAre("/bin/test", "/bin/reload"));
  web.process.ran.clear();
  EXPECT_FALSE(*web.flip(web.second, web.two)) << "it is done already";
  EXPECT_THAT(web.process.ran, ::testing::IsEmpty());
}

TEST(Flip, GoesBackWhereTheReloadFailsAndIsNotTriedAgainByItself) {
  Flipping web;
  web.process.failing = "/bin/reload";
  const auto done = web.flip(web.second, web.two);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().id, "CF1742");
  EXPECT_EQ(web.service(), "one");
  EXPECT_EQ(web.live(), "one");
  EXPECT_EQ(web.state(), Deployment::State::kRolledBack);
  web.process.failing.clear();
  EXPECT_EQ(web.flip(web.second, web.two).error().id, "CF1745");
  EXPECT_TRUE(web.flip(web.second, web.two, true));
  EXPECT_EQ(web.service(), "two");
}

TEST(Flip, TouchesNothingWhereTheServiceRefusesWhatIsStaged) {
  Flipping web;
  web.process.failing = "/bin/test";
  web.process.ran.clear();
  const auto done = web.flip(web.second, web.two);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("keeps what it has: CF1663"));
  EXPECT_THAT(web.process.ran, ::testing::ElementsAre("/bin/test"));
  EXPECT_EQ(web.service(), "one");
  EXPECT_EQ(web.live(), "one");
}

TEST(Flip, AServiceThatMayNotHaveTheKeyDoesNotGetIt) {
  Flipping web;
  web.bindings.front().key_reader_is_account = true;
  web.bindings.front().account = "www-data";
  EXPECT_EQ(web.flip(web.second, web.two).error().id, "CF1743");
  web.bindings.front().grant_key = true;
  EXPECT_TRUE(web.flip(web.second, web.two));
}

TEST(Flip, ReleasesTheServiceToWhatItHadBefore) {
  Flipping web;
  Flip flip(web.disk, web.process, web.clock, "/home", web.generations, "Web", web.bindings);
  EXPECT_TRUE(*flip.release({}));
  EXPECT_EQ(web.service(), "unreadable");
  EXPECT_EQ(web.live(), "none");
  EXPECT_FALSE(*read_deployment(web.disk, "/home", "Web"));
  EXPECT_FALSE(*flip.release({}));
}

// At each step of a flip: it fails, or the process is killed, or the power is cut.
enum class Fault { kNoSpace, kBadDisk, kKill, kPowerCut, kPowerCutKeepsNames };

class FlipSweep : public ::testing::TestWithParam<Fault> {};

TEST_P(FlipSweep, IsOldOrNewAndTheNextRunEnds) {
  const bool killed = GetParam() >= Fault::kKill;
  for (std::uint64_t step = 0;; ++step) {
    SCOPED_TRACE(step);
    Flipping web;
    if (killed) web.disk.kill_at(step);
    else web.disk.fail_at(step, GetParam() == Fault::kNoSpace ? ENOSPC : EIO);
    static_cast<void>(web.flip(web.second, web.two));
    const bool reached = web.disk.steps() > step;
    if (GetParam() == Fault::kPowerCut) web.disk.cut_power(FaultFileSystem::Loss::kEverything);
    if (GetParam() == Fault::kPowerCutKeepsNames) web.disk.cut_power(FaultFileSystem::Loss::kContent);
    web.disk.heal();
    EXPECT_THAT(web.service(), ::testing::AnyOf("one", "two"));
    EXPECT_TRUE(killed || web.service() == web.live());
    const auto again = web.flip(web.second, web.two, !killed);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(web.service(), "two");
    EXPECT_EQ(web.live(), "two");
    EXPECT_EQ(web.state(), Deployment::State::kInPlace);
    if (!reached) {
      EXPECT_GT(step, 20u);
      break;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Faults, FlipSweep,
                         ::testing::Values(Fault::kNoSpace, Fault::kBadDisk, Fault::kKill, Fault::kPowerCut,
                                           Fault::kPowerCutKeepsNames));

}  // namespace
}  // namespace certferry::commands
