#include "cli/date.h"

#include <algorithm>
#include <vector>

#include "base/escape.h"
#include "base/ascii.h"
#include "cli/icu.h"
#include "cli/local_time.h"
#include "cli/us_date.h"
#include "cli/words.h"

namespace certferry::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kAdvice = "write it as 2030-07-31T08:00:00+02:00";

std::optional<int> digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (char c : text.substr(0, count)) {
    if (!ascii_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool literal(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

struct Iso {
  CivilTime civil;
  std::optional<std::chrono::seconds> offset;
};

// "+02:00", "+0200", "+02", "Z" up to the end.
std::optional<std::chrono::seconds> read_offset(std::string_view text) {
  if (text == "Z" || text == "z") return 0s;
  const bool west = text.starts_with('-');
  if (!literal(text, "+-")) return std::nullopt;
  const auto hours = digits(text, 2);
  literal(text, ":");
  const auto minutes = text.empty() ? std::optional(0) : digits(text, 2);
  if (!hours || !minutes || !text.empty() || *hours > 23 || *minutes > 59) return std::nullopt;
  const auto east = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  return west ? -east : east;
}

std::optional<Iso> read_iso(std::string_view text) {
  const auto y = digits(text, 4);
  if (!y || !literal(text, "-")) return std::nullopt;
  const auto m = digits(text, 2);
  if (!m || !literal(text, "-")) return std::nullopt;
  const auto d = digits(text, 2);
  if (!d) return std::nullopt;
  const std::chrono::year_month_day day(std::chrono::year(*y), std::chrono::month(static_cast<unsigned>(*m)),
                                        std::chrono::day(static_cast<unsigned>(*d)));
  if (!day.ok()) return std::nullopt;
  Iso result{CivilTime(std::chrono::local_days(day)), std::nullopt};
  if (text.empty()) return result;
  if (!literal(text, "Tt ")) return std::nullopt;
  const auto hour = digits(text, 2);
  if (!hour || !literal(text, ":")) return std::nullopt;
  const auto minute = digits(text, 2);
  const auto second = minute && literal(text, ":") ? digits(text, 2) : std::optional(0);
  if (!minute || !second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  if (literal(text, ".,")) {
    if (!digits(text, 1)) return std::nullopt;
    while (digits(text, 1)) {
    }
  }
  result.civil += std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(*second);
  if (text.empty()) return result;
  literal(text, " ");
  result.offset = read_offset(text);
  return result.offset ? std::optional(result) : std::nullopt;
}

bool reads_as_us(std::string_view locale) {
  const std::string_view name = locale.substr(0, locale.find_first_of(".@"));
  return name.empty() || name == "C" || name == "POSIX" || name == "en_US";
}

std::string civil_text(CivilTime civil) {
  std::string text = rfc3339(Time(civil.time_since_epoch()));
  text.pop_back();
  return text;
}

std::unexpected<Error> refuse(std::string_view id, std::string message, std::string fix) {
  return fail(ErrorKind::kUsage, id, std::move(message), std::move(fix));
}

Result<Time> in_range(Time time) {
  constexpr Time kLast = std::chrono::sys_days(std::chrono::year(9999) / 12 / 31) + 23h + 59min + 59s;
  if (time < Time{} || time > kLast) {
    return refuse("CF1034", "the year of this date is not between 1970 and 9999", "write the year with four digits");
  }
  return time;
}

Result<Time> local_instant(CivilTime civil) {
  const std::vector<Time> instants = instants_of(civil);
  if (instants.size() == 1) return in_range(instants.front());
  if (instants.empty()) {
    // The offsets before and after the jump name the same moment in two ways; both are offered as they will be shown.
    const Time as_utc(civil.time_since_epoch());
    const Time later = as_utc - offset_at(as_utc - 24h);
    const Time earlier = as_utc - offset_at(as_utc + 24h);
    return refuse("CF1032", "local clocks skip " + civil_text(civil),
                  "write " + local_rfc3339(earlier) + " or " + local_rfc3339(later));
  }
  return refuse("CF1033", "local clocks show " + civil_text(civil) + " twice",
                "write " + local_rfc3339(instants.front()) + " or " + local_rfc3339(instants.back()));
}

CivilTime swapped(CivilTime civil) {
  const auto day = std::chrono::floor<std::chrono::days>(civil);
  const std::chrono::year_month_day date(day);
  const std::chrono::year_month_day other(date.year(), std::chrono::month(static_cast<unsigned>(date.day())),
                                          std::chrono::day(static_cast<unsigned>(date.month())));
  return std::chrono::local_days(other) + (civil - day);
}

Result<> check_swappable(std::string_view text, std::optional<CivilTime> by_locale, std::optional<CivilTime> as_us) {
  const auto numbers = leading_numbers(text);
  if (!numbers || numbers->first > 12 || numbers->second > 12 || numbers->first == numbers->second) return {};
  const CivilTime first = by_locale ? *by_locale : *as_us;
  const CivilTime second = as_us && *as_us != first ? *as_us : swapped(first);
  return refuse("CF1031",
                "the day and the month of this date could be swapped: it reads as " + civil_text(first) + " and as " +
                    civil_text(second),
                "write " + civil_text(first) + " or " + civil_text(second));
}

Result<DateReading> local_reading(CivilTime civil, std::string how) {
  CERTFERRY_ASSIGN(const Time time, local_instant(civil));
  return DateReading{time, std::move(how)};
}

Result<DateReading> us_reading(const UsDate& us) {
  if (us.weekday && std::chrono::weekday(std::chrono::local_days(us.day)) != *us.weekday) {
    return refuse("CF1036", "this date falls on another day of the week",
                  "leave the day of the week out, or correct the date");
  }
  return local_reading(CivilTime(std::chrono::local_days(us.day)) + us.time_of_day, "the US form, local time");
}

}  // namespace

std::string date_locale(const char* lc_all, const char* lc_time, const char* lang) {
  for (const char* each : {lc_all, lc_time, lang}) {
    if (each && *each) return each;
  }
  return "C";
}

Result<DateReading> read_date(std::string_view text, std::string_view locale) {
  const std::size_t first = text.find_first_not_of(" \t");
  text = first == std::string_view::npos ? std::string_view()
                                         : text.substr(first, text.find_last_not_of(" \t") - first + 1);
  constexpr std::size_t kLongest = 128;
  auto no_date = [] { return refuse("CF1030", "this is not a date", std::string(kAdvice)); };
  if (text.empty() || text.size() > kLongest) return no_date();
  if (const auto iso = read_iso(text)) {
    if (!iso->offset) return local_reading(iso->civil, "ISO 8601, local time");
    CERTFERRY_ASSIGN(const Time time, in_range(Time(iso->civil.time_since_epoch()) - *iso->offset));
    return DateReading{time, "RFC 3339"};
  }
  const std::optional<UsDate> us = read_us_date(text);
  if (reads_as_us(locale)) return us ? us_reading(*us) : Result<DateReading>(no_date());

  const std::string_view name = locale.substr(0, locale.find_first_of(".@"));
  const LocaleDate found = read_locale_date(text, locale);
  std::optional<CivilTime> as_us;
  if (us && us->numeric) as_us = CivilTime(std::chrono::local_days(us->day)) + us->time_of_day;
  if (found.time || as_us) CERTFERRY_TRY(check_swappable(text, found.time, as_us));
  if (found.time) return local_reading(*found.time, "the form of " + escape_terminal(name) + ", local time");
  if (us) return us_reading(*us);
  if (!found.icu_found) {
    return refuse(
        "CF1035",
        "this is no ISO or US date, and ICU, which reads the dates of " + escape_terminal(name) + ", is not installed",
        std::string(kAdvice) + ", or install libicu72");
  }
  return no_date();
}

std::string show(const DateReading& reading) { return show_time(reading.time) + ", read as " + reading.how; }

}  // namespace certferry::cli
