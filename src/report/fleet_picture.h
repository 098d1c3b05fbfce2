// A fleet as a drawing: sites, their pools, a square for each computer.
#pragma once

#include <string>
#include <vector>

namespace certferry::report {

struct PictureComputer {
  // The later, the worse.
  enum class Mood { kGood, kWaiting, kSilent, kBad };
  std::string name;
  std::string detail;  // shown where somebody points at it
  Mood mood = Mood::kGood;
};
struct PicturePool {
  std::string name;
  std::string uses;  // what serves it, a line
  std::vector<PictureComputer> computers;
};
struct PictureSite {
  std::string name;
  std::vector<PicturePool> pools;
};
struct FleetPicture {
  std::string title, subtitle;
  std::vector<PictureSite> sites;
};

// One self-contained file, light and dark, no scripts; texts are raw here and escaped there. Computers of small pools have their
// names beside their squares.
[[nodiscard]] std::string to_svg(const FleetPicture& picture);
// The same as a page that loads nothing.
[[nodiscard]] std::string to_page(const FleetPicture& picture);

}  // namespace certferry::report
