// A service that opens its certificate and key again and again while they are flipped. Not part of the program.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace certferry::deploy::testing {

struct FlipReading {
  std::uint64_t opens = 0;  // of a certificate and its key
  std::uint64_t flips = 0;
  std::uint64_t changes = 0;  // that the reader saw: another certificate than at the time before
  std::uint64_t removed = 0;  // generations that were pruned meanwhile
  std::vector<std::string> wrong;  // what it could not open, and pairs that are none; at most ten
};

// On the real file system, below a temporary folder. The reader opens the folder `current` beneath one handle of
// live/<Type>, then fullchain.pem and privkey.pem beneath that folder; another thread flips as fast as it can, and
// prunes and stages generations anew. Nothing is synced: readers do not see that.
[[nodiscard]] FlipReading read_during_flips(std::uint64_t opens);

}  // namespace certferry::deploy::testing
