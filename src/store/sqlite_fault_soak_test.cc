// Power cuts at random moments of commits, checkpoints and of the recovery from the cut before, with any of the writes lost
// that were not synced. CERTFERRY_SOAK_ROUNDS: how many (20,000); CERTFERRY_SOAK_SEED: the first seed (1).
#include <gtest/gtest.h>

#include <cstdlib>

#include "store/testing/generations_store.h"

namespace certferry::store {
namespace {

using testing::FaultVfs;
using testing::GenerationsStore;

std::uint64_t number(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

TEST(SqliteFaultsSoak, PowerCutsUponPowerCuts) {
  constexpr std::uint64_t kMostSteps = 150;  // of four commits with a checkpoint
  const std::uint64_t first = number("CERTFERRY_SOAK_SEED", 1);
  const std::uint64_t rounds = number("CERTFERRY_SOAK_ROUNDS", 20'000);
  FaultVfs faults;
  GenerationsStore store;
  std::uint64_t cuts = 0;
  for (std::uint64_t seed = first; seed < first + rounds && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    store.reset();
    for (std::uint64_t left = 1 + random() % 3; left > 0; --left) {
      faults.cut_power_at(1 + random() % kMostSteps);
      static_cast<void>(store.write_generations(1 + random() % 6, GenerationsStore::AfterError::kStop));
      cuts += faults.reached();
      store.close();
      faults.restart(FaultVfs::Loss::kSome, random());
    }
    store.expect_old_or_new();
  }
  RecordProperty("soak", std::to_string(rounds) + " rounds from seed " + std::to_string(first) + ", " +
                             std::to_string(cuts) + " power cuts");
  EXPECT_GT(cuts, rounds / 2);
}

}  // namespace
}  // namespace certferry::store
