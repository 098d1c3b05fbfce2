// Takes away from a process what reading a file does not need.
#pragma once

#include <chrono>
#include <cstdint>

namespace certferry::container {

// What a reader may use up before it is ended. Where the process is limited further already, that stays.
struct ProcessLimits {
  std::uint64_t memory = std::uint64_t{512}
                         << 20;  // octets of address space; sanitizers need terabytes: not under them
  std::chrono::seconds cpu{60};  // of the whole life of the process; 0: the parent watches how long each file takes
};

// How a confined process ends by itself where something is wrong with it rather than with the file.
inline constexpr int kStatusNoAnswer = 2;     // the parent takes none
inline constexpr int kStatusNotConfined = 3;  // the system has not what confines it
inline constexpr int kStatusOutOfMemory = 4;

// For a process that is about to read one file after the other and does nothing else: closes every descriptor but `keep`,
// limits memory, CPU time, file sizes and core dumps, and allows only memory management, writing to `keep` and reading from
// it, and ending. Ends the process with kStatusNotConfined where one of them cannot be set: a file is never read without
// them. From here on `new` ends it with kStatusOutOfMemory where there is none.
void confine_this_process(int keep, const ProcessLimits& limits);

}  // namespace certferry::container
