// Reads the dates people write: ISO first, then the locale's form, then the US form.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace certferry::cli {

struct DateReading {
  Time time;
  // How it was read: "RFC 3339", "ISO 8601, local time", "the form of de_DE, local time", "the US form, local time".
  std::string how;
};

// The locale for dates: LC_ALL, else LC_TIME, else LANG, whichever is set and not empty; else "C". Arguments may be null.
[[nodiscard]] std::string date_locale(const char* lc_all, const char* lc_time, const char* lang);

// `locale` as above; C, POSIX and en_US read as US. Local time is that of $TZ or the system. Refused: what is no date
// (CF1030); a day and month that could be swapped under a locale that is not US (CF1031, with both readings; not where
// the year stands first, which nobody reads as year, day, month); a time that local clocks skip (CF1032) or show twice
// (CF1033); years outside 1970 to 9999 (CF1034); a locale's form without ICU (CF1035); a weekday that is another (CF1036).
[[nodiscard]] Result<DateReading> read_date(std::string_view text, std::string_view locale);

// Local time with its zone, UTC, and how it was read: "2030-07-31 08:00:00 CEST (2030-07-31T06:00:00Z), read as RFC 3339".
[[nodiscard]] std::string show(const DateReading& reading);

}  // namespace certferry::cli
