#include "commands/store_migrate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "commands/store_command.h"

namespace certferry::commands {
namespace {

constexpr const char* kUrl = "etcd://etcd1.example.com/fleet?ca=/ca.pem";

TEST(StoreUrlInTheConfiguration, IsWrittenAndAllElseStays) {
  const std::string line = std::string("url = \"") + kUrl + "\"\n";
  struct Case {
    std::string before;
    std::string after;
  };
  const std::vector<Case> cases = {
      {"", "[store]\n" + line},
      {"# ours\n[computer]\nsite = \"Redmond\"  # west",
       "# ours\n[computer]\nsite = \"Redmond\"  # west\n\n[store]\n" + line},
      {"[store]\nurl = \"sqlite\"\n\n[computer]\nsite = \"x\"\n", "[store]\n" + line + "\n[computer]\nsite = \"x\"\n"},
      {"  [store]  # where\n# our own\nurl=\"sqlite\"", "  [store]  # where\n" + line + "# our own\n"},
      {"[store]\r\n[computer]\r\n", "[store]\r\n" + line + "[computer]\r\n"},
      {"[store]", "[store]\n" + line},
  };
  for (const Case& one : cases) EXPECT_EQ(with_store_url(one.before, kUrl), one.after) << one.before;
  EXPECT_EQ(with_store_url("[store]\n" + line, "sqlite"), "[store]\nurl = \"sqlite\"\n");
}

TEST(StoreUrlInTheConfiguration, IsNotWrittenWhereItsPlaceIsNotClear) {
  EXPECT_EQ(with_store_url("store = { url = \"sqlite\" }\n", kUrl), std::nullopt);
  EXPECT_EQ(with_store_url("store.url = \"sqlite\"\n", kUrl), std::nullopt);
  EXPECT_EQ(with_store_url("[store\n", kUrl), std::nullopt);
  EXPECT_EQ(with_store_url("", "etcd://a/b\n[computer]"), std::nullopt);
  EXPECT_EQ(with_store_url("", "something"), std::nullopt);
}

std::vector<std::string> ids(const store::EtcdHealth& health) {
  std::vector<std::string> ids;
  for (const Finding& finding : findings_of(health)) ids.push_back(finding.id);
  return ids;
}

TEST(EtcdHealth, TellsWhatWillStopItOneDay) {
  store::EtcdHealth sound;
  sound.members = {{"a:2379", "", "3.5.9", true, false, 1 << 20, 1 << 19, 0, {}}};
  sound.revision = 1'000'000;
  EXPECT_THAT(ids(sound), ::testing::IsEmpty());

  store::EtcdHealth history = sound;
  history.keeps_all_history = true;
  EXPECT_THAT(ids(history), ::testing::ElementsAre("CF1796"));
  history.revision = 100;  // young
  EXPECT_THAT(ids(history), ::testing::IsEmpty());

  store::EtcdHealth large = sound;
  large.members.front().octets = std::int64_t{1'800} << 20;
  EXPECT_THAT(ids(large), ::testing::ElementsAre("CF1795"));
  large.members.front().quota = std::int64_t{8} << 30;
  EXPECT_THAT(ids(large), ::testing::IsEmpty());

  store::EtcdHealth away = sound;
  away.members.push_back({"b:2379", "connection refused", "", false, false, 0, 0, 0, {}});
  away.members.front().version = "3.4.23";
  EXPECT_THAT(ids(away), ::testing::ElementsAre("CF1797", "CF1791"));

  store::EtcdHealth full = sound;
  full.alarms = {"NOSPACE"};
  EXPECT_THAT(ids(full), ::testing::ElementsAre("CF1759"));
}

}  // namespace
}  // namespace certferry::commands
