// Dates as en-US writes them, without ICU.
#pragma once

#include <optional>
#include <string_view>

#include "cli/local_time.h"

namespace certferry::cli {

struct UsDate {
  std::chrono::year_month_day day;
  std::chrono::seconds time_of_day{0};
  bool numeric = false;  // "7/31/2030": day and month could be meant the other way round
  std::optional<std::chrono::weekday> weekday;  // as it was written
};

// "7/31/2030", "7-31-30 8:00 AM", "July 31, 2030 8:00:00 PM", "31 Jul 2030", "Wednesday, July 31, 2030". Two digits of a
// year: 30 is 2030, 70 is 1970. The date itself exists (month_day are checked); nothing when the text is no such date.
[[nodiscard]] std::optional<UsDate> read_us_date(std::string_view text);
// "8:00 AM", "08:00", "20:15:30", "8 pm", the whole text.
[[nodiscard]] std::optional<std::chrono::seconds> read_time_of_day(std::string_view text);
// The two numbers at the front of "7/8/2030", "07.08.2030", "7-8-30", in the order written; nothing when the text does
// not begin with day and month in numbers.
[[nodiscard]] std::optional<std::pair<unsigned, unsigned>> leading_numbers(std::string_view text);

}  // namespace certferry::cli
