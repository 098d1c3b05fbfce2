// A simulation with a folder of its own, which goes with it.
#pragma once

#include "simulation/fleet_simulation.h"

namespace certferry::simulation {

[[nodiscard]] Course run_in_folder(const Plan& plan);

}  // namespace certferry::simulation
