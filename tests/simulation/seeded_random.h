// Keys, signatures and seals that come out the same for the same seed, so that a failure can be played again.
#pragma once

#include <cstdint>

namespace certferry::simulation {

// From then on OpenSSL's random numbers in this process come from that seed alone. For tests: they are no secret.
void seed_openssl(std::uint64_t seed);

}  // namespace certferry::simulation
