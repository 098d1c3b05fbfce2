// PKCS #7 bundles; the seeds' password is "seed".
#include <cstddef>
#include <cstdint>

#include "read_property.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  certferry::fuzz::read_holds({data, size}, "seed");
  return 0;
}
