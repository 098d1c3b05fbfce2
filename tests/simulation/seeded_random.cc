#define OPENSSL_SUPPRESS_DEPRECATED  // replacing the generator as a whole has no other interface
#include "simulation/seeded_random.h"

#include <openssl/rand.h>

#include <random>

namespace certferry::simulation {
namespace {

std::mt19937_64& generator() {
  static std::mt19937_64 made;
  return made;
}

int fill(unsigned char* bytes, int size) {
  for (int i = 0; i < size; ++i) bytes[i] = static_cast<unsigned char>(generator()());
  return 1;
}

int ready() { return 1; }

constexpr RAND_METHOD kMethod = {nullptr, fill, nullptr, nullptr, fill, ready};

}  // namespace

void seed_openssl(std::uint64_t seed) {
  generator().seed(seed);
  RAND_set_rand_method(&kMethod);
}

}  // namespace certferry::simulation
