#include "cli/local_time.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace certferry::cli {
namespace {

using namespace std::chrono_literals;

// g++ 12 has no time zones in std::chrono; the C library reads the same database.
std::tm local_fields(Time time) {
  const std::time_t seconds = time.time_since_epoch().count();
  std::tm fields{};
  localtime_r(&seconds, &fields);
  return fields;
}

std::string civil_text(Time shifted, char between) {
  std::string text = rfc3339(shifted);
  text.pop_back();
  text[10] = between;
  return text;
}

}  // namespace

std::chrono::seconds offset_at(Time time) {
  tzset();
  return std::chrono::seconds(local_fields(time).tm_gmtoff);
}

std::vector<Time> instants_of(CivilTime civil) {
  const Time as_utc(civil.time_since_epoch());
  std::vector<Time> instants;
  // Offsets lie within 26 hours of UTC; every one in force around the date is tried and has to prove itself.
  for (auto around = -36h; around <= 36h; around += 3h) {
    const Time candidate = as_utc - offset_at(as_utc + around);
    if (candidate + offset_at(candidate) == as_utc) instants.push_back(candidate);
  }
  std::ranges::sort(instants);
  const auto repeated = std::ranges::unique(instants);
  instants.erase(repeated.begin(), repeated.end());
  return instants;
}

std::string local_rfc3339(Time time) {
  const auto offset = offset_at(time);
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(std::chrono::abs(offset)).count();
  return fmt::format("{}{}{:02}:{:02}", civil_text(time + offset, 'T'), offset < 0s ? '-' : '+', minutes / 60,
                     minutes % 60);
}

std::string show_time(Time time) {
  tzset();
  const std::tm fields = local_fields(time);
  return fmt::format("{} {} ({})", civil_text(time + std::chrono::seconds(fields.tm_gmtoff), ' '),
                     fields.tm_zone ? fields.tm_zone : "local", rfc3339(time));
}

}  // namespace certferry::cli
