#include "container/derived_keys.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace certferry::container {
namespace {

using enum Derivation::Function;

Derivation any_derivation() {
  Derivation what;
  what.function = *rc::gen::element(kPbkdf2, kPkcs12Mac);
  what.hash = *rc::gen::element(Hash::kSha1, Hash::kSha224, Hash::kSha256, Hash::kSha256, Hash::kSha512);
  const auto octets = rc::gen::arbitrary<std::vector<std::uint8_t>>();
  what.password = Secret(ByteView(*rc::gen::resize(200, octets)));
  what.salt = *octets;
  what.iterations = *rc::gen::inRange<std::uint64_t>(1, 300);
  what.size = *rc::gen::inRange<std::size_t>(1, 100);
  return what;
}

Secret expected(const Derivation& what) {
  return what.function == kPbkdf2
             ? pbkdf2(what.hash, what.password.view(), what.salt, what.iterations, what.size)
             : pkcs12_kdf(what.hash, Pkcs12Use::kMac, what.password.view(), what.salt, what.iterations, what.size);
}

Derivation copy(const Derivation& what) {
  return {what.function, what.hash, what.password.clone(), what.salt, what.iterations, what.size};
}

TEST(Derive, TogetherGivesWhatEachGivesAlone) {
  EXPECT_TRUE(rc::check([] {
    std::vector<Derivation> all;
    for (int count = *rc::gen::inRange(0, 6); count > 0; --count) all.push_back(any_derivation());
    const std::vector<Secret> keys = derive(all);
    RC_ASSERT(keys.size() == all.size());
    for (std::size_t i = 0; i < all.size(); ++i) RC_ASSERT(keys[i] == expected(all[i]));
  }));
}

TEST(DerivedKeys, GivesThePlannedAndTheUnplannedAlike) {
  EXPECT_TRUE(rc::check([] {
    std::vector<Derivation> all;
    for (int i = 0; i < 4; ++i) all.push_back(any_derivation());
    DerivedKeys keys;
    keys.plan(copy(all[0]));
    keys.plan(copy(all[1]));
    keys.plan(copy(all[1]));
    for (const std::size_t i : {2, 0, 3, 1, 0, 2}) RC_ASSERT(keys.get(copy(all[i])) == expected(all[i]));
  }));
}

// Else a file with a wrong password could cost far more than checking its MAC.
TEST(DerivedKeys, DoesNotDeriveAheadWhatIsExpensive) {
  DerivedKeys keys;
  keys.plan({kPbkdf2, Hash::kSha256, Secret(), {}, std::uint64_t{1} << 50, 32});
  EXPECT_EQ(keys.get({kPbkdf2, Hash::kSha256, Secret(), {}, 1, 32}).size(), 32u);
}

}  // namespace
}  // namespace certferry::container
