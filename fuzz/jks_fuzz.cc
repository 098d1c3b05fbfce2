// Java key stores; the seeds' password is "seedseed".
#include <cstddef>
#include <cstdint>

#include "read_property.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  certferry::fuzz::read_holds({data, size}, "seedseed");
  return 0;
}
