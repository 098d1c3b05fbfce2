#include "simulation/course_in_folder.h"

#include <cstdlib>
#include <filesystem>

namespace certferry::simulation {

Course& Course::operator+=(const Course& other) {
  if (!violation) violation = other.violation;
  steps += other.steps;
  looks += other.looks;
  crashes += other.crashes;
  refused += other.refused;
  imports += other.imports;
  rolls_back += other.rolls_back;
  moves += other.moves;
  joins += other.joins;
  return *this;
}

Course run_in_folder(const Plan& plan) {
  const bool has_memory = std::filesystem::is_directory("/dev/shm");
  std::string folder = std::string(has_memory ? "/dev/shm" : "/tmp") + "/certferry-simulation-XXXXXX";
  if (!::mkdtemp(folder.data())) {
    Course course;
    course.violation = "no folder can be made: " + folder;
    return course;
  }
  Course course = FleetSimulation(plan, folder).run();
  std::filesystem::remove_all(folder);
  return course;
}

}  // namespace certferry::simulation
