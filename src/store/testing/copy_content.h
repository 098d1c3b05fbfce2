// What a copy is tried with. Not part of the program.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "store/store.h"

namespace certferry::store::testing {

// Writes 300 keys, among them odd ones and a value as large as a commit may be.
inline void fill(Store& store) {
  for (int batch = 0; batch < 3; ++batch) {
    Batch many;
    for (int i = 0; i < 99; ++i)
      many.put("k/" + std::to_string(batch * 99 + i), std::string(static_cast<std::size_t>(i * 100), 'v'));
    EXPECT_TRUE(store.commit(many));
  }
  Batch odd;
  odd.put(std::string("z\0\xff", 3), std::string("\0\x01", 2));
  odd.put("empty", "");
  EXPECT_TRUE(store.commit(odd));
  Batch large;
  large.put("large", std::string(Batch::kMaxOctets - 5, 'x'));
  EXPECT_TRUE(store.commit(large));
}

inline std::map<std::string, std::string> content(Store& store) {
  std::map<std::string, std::string> found;
  const Listing listing = store.list("").value();
  for (const Entry& entry : listing.entries) found[entry.key] = entry.value;
  return found;
}

}  // namespace certferry::store::testing
