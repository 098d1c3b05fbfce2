#include "commands/replacement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

namespace certferry::commands {
namespace {

std::vector<std::string> computers(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back("c" + std::to_string(1000 + i));
  return names;
}

std::vector<std::size_t> sizes(std::size_t count, std::string_view waves) {
  const auto made = make_waves(computers(count), waves);
  if (!made) return {};
  std::vector<std::size_t> result;
  for (const auto& wave : *made) result.push_back(wave.size());
  return result;
}

TEST(Waves, GrowAsTheyAreWritten) {
  using testing::ElementsAre;
  EXPECT_THAT(sizes(100, "1,10%,100%"), ElementsAre(1, 9, 90));
  EXPECT_THAT(sizes(5, "1,10%,100%"), ElementsAre(1, 4)) << "a wave of nobody is none";
  EXPECT_THAT(sizes(100, "1,5"), ElementsAre(1, 4, 95)) << "the rest is a wave";
  EXPECT_THAT(sizes(3, "10"), ElementsAre(3));
  EXPECT_THAT(sizes(0, "1,10%,100%"), ElementsAre(0)) << "one, for what is assigned";
}

TEST(Waves, RefuseWhatIsNone) {
  for (const char* text : {"", "0", "1,,2", "5,1", "101%", "x", "1,2x", "-1"}) {
    const auto made = make_waves(computers(10), text);
    ASSERT_FALSE(made) << text;
    EXPECT_EQ(made.error().id, "CF2415");
  }
}

TEST(Waves, HoldEachComputerOnce) {
  EXPECT_TRUE(rc::check("waves", [](std::uint8_t count, std::uint8_t first, std::uint8_t share) {
    const std::string text = std::to_string(first % 7 + 1) + "," + std::to_string(share % 100 + 1) + "%";
    const auto made = make_waves(computers(count), text);
    RC_PRE(made.has_value());
    std::vector<std::string> all;
    for (const auto& wave : *made) all.insert(all.end(), wave.begin(), wave.end());
    RC_ASSERT(all == computers(count));
  }));
}

TEST(Replacement, IsReadAsItIsWritten) {
  const Replacement replacement{"20261124T081500Z",
                                "issued by \"A\"",
                                Time(std::chrono::seconds(1'800'000'000)),
                                {{*fleet::Scope::parse("pool:web.example.com"), "Default", "aa", "bb"}},
                                {{"a"}, {"b", "c"}},
                                1,
                                2,
                                Replacement::State::kFailed};
  const auto read = replacement_from_json(to_json(replacement));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, replacement);
  for (const char* text : {"", "{}", "[]", R"({"id":1})"}) EXPECT_EQ(replacement_from_json(text).error().id, "CF1710");
}

}  // namespace
}  // namespace certferry::commands
