#include "store/backup.h"

#include <gtest/gtest.h>

#include "store/memory/memory_store.h"

namespace certferry::store {
namespace {

Backup example() {
  return {*from_rfc3339("2030-07-31T08:00:00Z"), 7, {{"a", ""}, {"b/\xff", std::string("\0\n\"", 3)}, {"c", "value"}}};
}

TEST(Backup, SaysWhatItIsAndWhatItHolds) {
  EXPECT_EQ(to_text({*from_rfc3339("2030-07-31T08:00:00Z"), 7, {{"a", "1"}}}),
            "{\"kind\":\"certferry store backup\",\"schema\":1,\"made\":\"2030-07-31T08:00:00Z\",\"revision\":7}\n"
            "{\"key\":\"YQ==\",\"value\":\"MQ==\"}\n"
            "{\"entries\":1,\"sha256\":\"72c08af7d8dbd34b037ec9a6af263bc18dc1bc140b1f8687e1b95bea13d90842\"}\n");
}

TEST(Backup, IsReadAsItWasWritten) {
  EXPECT_EQ(backup_from_text(to_text(example())).value(), example());
  EXPECT_EQ(backup_from_text(to_text(Backup())).value(), Backup());
}

TEST(Backup, IsRefusedWhereverItIsCutOrAltered) {
  const std::string text = to_text(example());
  for (std::size_t i = 0; i < text.size(); ++i) {
    EXPECT_EQ(backup_from_text(std::string_view(text).substr(0, i)).error().id, "CF1519") << i;
    std::string altered = text;
    altered[i] = static_cast<char>(altered[i] ^ 1);
    EXPECT_FALSE(backup_from_text(altered)) << i;
  }
  EXPECT_EQ(backup_from_text("").error().id, "CF1519");
  EXPECT_EQ(backup_from_text("{\"schema\":1}\n").error().id, "CF1519");
}

TEST(Backup, HoldsAStoreAndFillsAnother) {
  MemoryStore store;
  ASSERT_TRUE(fill(store, example()));
  const Backup read = read_backup(store, example().made).value();
  EXPECT_EQ(read.entries, example().entries);
  EXPECT_EQ(read.revision, store.list("")->revision);
}

TEST(Backup, FillsInAsFewCommitsAsTheLimitsAllow) {
  Backup large;
  for (int i = 1000; i < 1300; ++i) large.entries.emplace_back(std::to_string(i), std::string(10'000, 'x'));
  MemoryStore store;
  ASSERT_TRUE(fill(store, large));
  EXPECT_EQ(store.list("")->entries.size(), 300u);
  EXPECT_EQ(store.list("")->revision, 3u);
}

}  // namespace
}  // namespace certferry::store
