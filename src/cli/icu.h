// Reading dates by a locale's own forms, with ICU.
//
// ICU's data alone are 30 MB, and almost no command line needs them: libicui18n is opened when the first date comes
// that is neither ISO nor US, and never before. A computer without it still reads ISO and US dates.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/local_time.h"

namespace certferry::cli {

struct LocaleDate {
  bool icu_found = false;
  std::optional<CivilTime> time;  // midnight when the text has no time of day
};

// `locale` is POSIX's name: "de_DE.UTF-8". Reads the locale's short to full date, then its time of day, with or without
// seconds. The whole text has to fit. Years of two digits are those within 80 years before and 20 after today.
[[nodiscard]] LocaleDate read_locale_date(std::string_view text, std::string_view locale);

}  // namespace certferry::cli
