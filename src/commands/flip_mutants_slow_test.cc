// Would the tests notice a flip that forgets one fsync or one rename? For each of them a program that does so, killed or
// cut from power at each of its steps: at least one of these has to show damage.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <regex>

#include "base/testing/fault_file_system.h"
#include "base/testing/skipping_file_system.h"
#include "commands/flip.h"
#include "deploy/testing/material.h"

namespace certferry::commands {
namespace {

using certferry::testing::FaultFileSystem;
using certferry::testing::SkippingFileSystem;
using deploy::testing::material;
using deploy::testing::Material;
using Loss = FaultFileSystem::Loss;

constexpr Time kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23);
constexpr std::size_t kLargest = 1 << 20;
constexpr std::size_t kKept = 0;
constexpr std::uint64_t kSeeds = 6;
constexpr std::uint64_t kNothing = std::numeric_limits<std::uint64_t>::max();

// What may be left out, and why. As SkippingFileSystem names it, and how many of the same call came before.
const std::map<std::string, std::string> kHarmless = {
    {"sync /home/generations/Web #0",
     "of a generation that is there already: for an earlier run, killed before its sync"},
    {"rename to /home/services/web/Web/1.new #0",
     "an old generation that is being removed; what is left goes next time"},
    {"sync /home/services/web/Web #2", "likewise"},
    {"sync /home/services/web/Web #3", "likewise"},
};
// Of a computer's first flip.
const std::map<std::string, std::string> kHarmlessAtFirst = {
    {"sync / #0", "the home was there already: for an earlier run, killed before its sync"},
    {"sync /home #0", "nothing relies on these folders before the home is synced for the last of them"},
    {"sync /home #1", "likewise"},
    {"sync /home #2", "likewise"},
    {"sync /home/services/web/Web #0", "the next one comes before anything relies on generation 0"},
    {"sync /home/services/web/Web/0.new/before #0", "a mark without content: its name is synced with its folder"},
};

class WillingProcess final : public Process {
 public:
  Result<ProcessResult> run(const Command&) override { return ProcessResult{}; }
  Result<> signal(pid_t, const std::string&, int) override { return {}; }
  bool runs(pid_t, const std::string&) override { return true; }
  std::vector<pid_t> find(const std::string&) override { return {}; }
  Result<std::string> ask(const std::string&, const Secret&, std::chrono::milliseconds) override {
    return std::string();
  }
};

// A service that reads a pair from ${folder}, and a copy of both in one file elsewhere.
constexpr std::string_view kBinding =
    "name = \"web\"\ntypes = [\"Web\"]\n"
    "[[file]]\ncontent = \"fullchain\"\npath = \"${folder}/fullchain.pem\"\n"
    "[[file]]\ncontent = \"key\"\npath = \"${folder}/privkey.pem\"\n"
    "[[file]]\ncontent = \"fullchain+key\"\npath = \"/etc/web/site.pem\"\n"
    "[reload]\ncommand = [\"/bin/reload\"]\n";
constexpr std::string_view kAdministrators = "what was there before certferry";
const std::string kOutside = "/etc/web/site.pem";
const std::string kFolder = "/home/services/web/Web/current";

// One computer, with the certificate "one" in use where `used`; "two" comes.
class Computer {
 public:
  explicit Computer(bool used) : used_(used) {
    require(make_folders(disk, "/etc/web", 0755));
    require(disk.write_new(kOutside, as_bytes(kAdministrators), 0600));
    require(disk.sync(kOutside));
    require(disk.sync("/etc/web"));
    require(make_folders(disk, "/home", 0755));
    if (used) {
      require(bring(disk, material("zero.example"), nullptr));
      require(bring(disk, material("one.example"), &material("zero.example")));
    }
    disk.heal();
  }

  // What reconcile() does.
  [[nodiscard]] Result<> bring(FileSystem& files, const Material& to, const Material* from) {
    deploy::Generations generations(files, "/home", "Web");
    if (from) {
      CERTFERRY_TRY(generations.stage(from->generation(), {}));
    }
    CERTFERRY_ASSIGN(const std::uint64_t number, generations.stage(to.generation(), {}));
    Flip flip(files, process_, clock_, "/home", generations, "Web", bindings_);
    CERTFERRY_TRY(
        flip.bring_to({.current = to.sha256, .next = {}, .previous = from ? std::optional(from->sha256) : std::nullopt},
                      number, {.exportable = false, .retry = true, .now = kNow}));
    return generations.prune(kKept);
  }
  [[nodiscard]] Result<> flip(FileSystem& files) { return bring(files, two, used_ ? &one : nullptr); }

  // What is wrong after a kill or a power cut; empty: nothing. `done`: the flip had reported success.
  [[nodiscard]] std::string damage(bool done) {
    for (const auto& look : {&Computer::damaged_files, &Computer::damaged_record}) {
      if (std::string wrong = (this->*look)(); !wrong.empty()) return wrong;
    }
    const deploy::Generations generations(disk, "/home", "Web");
    const auto left = generations.leftovers();
    if (done && !(is_done() && is_in_place() && left && left->empty()))
      return "what was reported as done is not on disk";
    if (const Result<> again = flip(disk); !again) return "the next run fails: " + again.error().message;
    if (!is_in_place()) return "the next run does not bring it in place";
    // A record that was written before a kill may be lost now: then the service is asked again.
    disk.cut_power(Loss::kEverything);
    if (!is_done()) return "the next run does not end it";
    if (std::string wrong = damaged_files(); !wrong.empty()) return "after the next run: " + wrong;
    const auto still_left = generations.leftovers();
    if (!still_left || !still_left->empty()) return "the next run leaves something behind";
    return used_ ? "" : damaged_way_back();
  }

  FaultFileSystem disk;

 private:
  static void require(const Result<>& result) {
    if (!result) throw std::runtime_error(result.error().message);
  }
  [[nodiscard]] std::string text(const std::string& path) {
    const auto found = disk.read(path, kLargest);
    return found ? std::string(found->text()) : "";
  }
  // The certificate whose pair this is; null: none.
  [[nodiscard]] const Material* pair(const std::string& chain, const std::string& key) const {
    for (const Material* each : {&one, &two}) {
      if (chain == each->certificate + each->chain && key == each->key) return each;
    }
    return nullptr;
  }
  [[nodiscard]] const Material* in_service() {
    return pair(text(kFolder + "/fullchain.pem"), text(kFolder + "/privkey.pem"));
  }
  [[nodiscard]] const Material* live() {
    const std::string folder = "/home/live/Web/current";
    return pair(text(folder + "/fullchain.pem"), text(folder + "/privkey.pem"));
  }

  [[nodiscard]] bool is_in_place() {
    const auto record = read_deployment(disk, "/home", "Web");
    return record && *record && (*record)->state == Deployment::State::kInPlace && (*record)->sha256 == two.sha256;
  }

  [[nodiscard]] bool is_done() {
    const deploy::Generations generations(disk, "/home", "Web");
    const auto names = generations.live();
    if (!names || live() != &two || in_service() != &two || text(kOutside) != two.certificate + two.chain + two.key) {
      return false;
    }
    const bool way_back = used_ ? names->previous && names->previous->sha256 == one.sha256 : !names->previous;
    return way_back && generations.list()->size() == (used_ ? 2 : 1);
  }

  [[nodiscard]] std::string damaged_files() {
    const bool served = disk.status(kFolder)->has_value();
    if (used_ && !served) return "the service has no files";
    if (served && !in_service()) return "the service reads no pair";
    const std::string outside = text(kOutside);
    const auto is = [&](const Material& each) { return outside == each.certificate + each.chain + each.key; };
    if (!is(two) && !(used_ ? is(one) : outside == kAdministrators)) return "the file elsewhere is neither old nor new";
    const deploy::Generations generations(disk, "/home", "Web");
    const auto names = generations.live();
    if (!names) return names.error().message;
    if (used_ && !names->current) return "nothing is live";
    if (names->current && !live()) return "what is live is no pair";
    if (used_ && live() == &two && !(names->previous && names->previous->sha256 == one.sha256)) return "no way back";
    const auto findings = generations.verify({});
    if (!findings) return findings.error().message;
    for (const Finding& finding : *findings) {
      if (finding.severity == Severity::kFatal) return finding.message;
    }
    return "";
  }

  [[nodiscard]] std::string damaged_record() {
    const auto record = read_deployment(disk, "/home", "Web");
    if (!record) return record.error().message;
    if (live() != &two && in_service() != &two) {
      const bool says_two =
          *record && (*record)->sha256 == two.sha256 && (*record)->state == Deployment::State::kInPlace;
      return says_two ? "verified what is not live" : "";
    }
    // What served before is known from the record alone, from when the names move to when it is verified.
    if (!*record || (*record)->sha256 != two.sha256) return "names or files moved without a record";
    if ((*record)->state == Deployment::State::kInPlace)
      return live() == in_service() ? "" : "verified what is not live";
    return (*record)->before == (used_ ? one.sha256 : "") ? "" : "the record forgot what served before";
  }

  // Back to what the administrator had.
  [[nodiscard]] std::string damaged_way_back() {
    deploy::Generations generations(disk, "/home", "Web");
    Flip flip(disk, process_, clock_, "/home", generations, "Web", bindings_);
    if (const auto released = flip.release({}); !released) return released.error().message;
    return text(kOutside) == kAdministrators ? "" : "what was there before certferry is lost";
  }

  const bool used_;
  const Material& one = material("one.example");
  const Material& two = material("two.example");
  WillingProcess process_;
  ManualClock clock_{kNow};
  const std::vector<deploy::Binding> bindings_ = {*deploy::parse_binding(kBinding, "web.toml")};
};

struct Cut {
  Loss loss;
  std::uint64_t seed;
};

std::vector<Cut> all_cuts() {
  std::vector<Cut> cuts = {{Loss::kEverything, 0}, {Loss::kContent, 0}};
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) cuts.push_back({Loss::kSome, seed});
  return cuts;
}

class FlipMutants : public ::testing::TestWithParam<bool> {
 protected:
  // Of a flip by a program that leaves out that call. Empty: no damage, wherever it was killed.
  [[nodiscard]] std::string damage_without(std::uint64_t left_out) {
    Computer whole(GetParam());
    SkippingFileSystem mutant(whole.disk, left_out);
    if (const Result<> done = whole.flip(mutant); !done) return "it fails by itself: " + done.error().message;
    const std::uint64_t steps = whole.disk.steps();
    // The end first: most of what was not synced is lost there.
    for (std::uint64_t step = steps + 1; step-- > 0;) {
      if (std::string wrong = damage_at(left_out, step, nullptr); !wrong.empty()) return wrong;
      for (const Cut& cut : all_cuts()) {
        if (std::string wrong = damage_at(left_out, step, &cut); !wrong.empty()) return wrong;
      }
    }
    return "";
  }

  [[nodiscard]] std::string damage_at(std::uint64_t left_out, std::uint64_t step, const Cut* cut) {
    Computer computer(GetParam());
    SkippingFileSystem mutant(computer.disk, left_out);
    computer.disk.kill_at(step);
    const Result<> done = computer.flip(mutant);
    if (cut) computer.disk.cut_power(cut->loss, cut->seed);
    computer.disk.heal();
    const std::string wrong = computer.damage(done.has_value());
    return wrong.empty() ? "" : "step " + std::to_string(step) + (cut ? ", power cut: " : ", killed: ") + wrong;
  }

  [[nodiscard]] std::vector<std::string> calls() {
    Computer computer(GetParam());
    SkippingFileSystem files(computer.disk, kNothing);
    EXPECT_TRUE(computer.flip(files));
    std::vector<std::string> all = files.calls();
    // Temporary files are named after the process.
    static const std::regex kNumbers("\\.[0-9]+-[0-9]+-[0-9]+\\.new");
    for (std::string& call : all) call = std::regex_replace(call, kNumbers, ".*.new");
    return all;
  }
};

TEST_P(FlipMutants, WithoutAMutationNothingIsDamaged) { EXPECT_EQ(damage_without(kNothing), ""); }

TEST_P(FlipMutants, EachForgottenSyncOrRenameIsNoticed) {
  const std::vector<std::string> all = calls();
  EXPECT_GT(all.size(), 20u);
  const auto& harmless = GetParam() ? kHarmless : kHarmlessAtFirst;
  std::vector<std::string> unnoticed;
  std::map<std::string, int> before;
  for (std::uint64_t i = 0; i < all.size(); ++i) {
    const std::string name = all[i] + " #" + std::to_string(before[all[i]]++);
    if (!harmless.contains(name) && damage_without(i).empty()) unnoticed.push_back(name);
  }
  EXPECT_THAT(unnoticed, ::testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Computers, FlipMutants, ::testing::Bool(),
                         [](const auto& used) { return used.param ? "InUse" : "TheFirstTime"; });

}  // namespace
}  // namespace certferry::commands
