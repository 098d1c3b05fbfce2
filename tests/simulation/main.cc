// fleet_simulation [--seed N] [--seeds COUNT] [--computers N] [--steps N] [--tell]: one line a seed; exit 1 with the seed that
// failed.
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <string_view>

#include "base/clock.h"
#include "simulation/course_in_folder.h"

int main(int argc, char** argv) {
  using namespace certferry::simulation;
  Plan plan;
  std::uint64_t seeds = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--tell") {
      plan.tell = true;
      continue;
    }
    const std::uint64_t number = i + 1 < argc ? std::strtoull(argv[++i], nullptr, 10) : 0;
    if (word == "--seed") plan.seed = number;
    else if (word == "--seeds") seeds = number;
    else if (word == "--computers") plan.computers = static_cast<unsigned>(number);
    else if (word == "--steps") plan.steps = static_cast<unsigned>(number);
    else return fmt::print(stderr, "what is {}?\n", word), 2;
  }
  const std::uint64_t first = plan.seed;
  Course sum;
  const certferry::SystemClock clock;
  const std::chrono::nanoseconds began = clock.monotonic();
  for (; plan.seed < first + seeds; ++plan.seed) {
    const Course course = run_in_folder(plan);
    if (course.violation) {
      fmt::print("seed {}: {}\nreplay: fleet_simulation --seed {} --computers {} --steps {} --tell\n", plan.seed,
                 *course.violation, plan.seed, plan.computers, plan.steps);
      return 1;
    }
    sum += course;
  }
  const std::chrono::duration<double> took = clock.monotonic() - began;
  fmt::print(
      "{} seeds from {}, {} computers, {} steps: {} looks, {} crashes, {} refusals, {} imports, {} rolls changed, "
      "{} moves, {} joins; {:.1f} s\n",
      seeds, first, plan.computers, sum.steps, sum.looks, sum.crashes, sum.refused, sum.imports, sum.rolls_back,
      sum.moves, sum.joins, took.count());
  return 0;
}
