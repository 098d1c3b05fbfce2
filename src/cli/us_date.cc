#include "cli/us_date.h"

#include <array>

#include "base/ascii.h"

namespace certferry::cli {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"january",   "february", "march",    "april",
                                                      "may",       "june",     "july",     "august",
                                                      "september", "october",  "november", "december"};
constexpr std::array<std::string_view, 7> kDays = {"sunday",   "monday", "tuesday", "wednesday",
                                                   "thursday", "friday", "saturday"};

class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  void blanks() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
  }
  bool literal(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // One to `most` digits, and no further digit behind them.
  std::optional<unsigned> number(std::size_t most, std::size_t* digits = nullptr) {
    std::size_t count = 0;
    unsigned value = 0;
    while (count < rest_.size() && ascii_digit(rest_[count])) {
      if (count == most) return std::nullopt;
      value = value * 10 + static_cast<unsigned>(rest_[count] - '0');
      ++count;
    }
    if (count == 0) return std::nullopt;
    rest_.remove_prefix(count);
    if (digits) *digits = count;
    return value;
  }
  std::string word() {
    std::size_t count = 0;
    while (count < rest_.size() && ascii_letter(rest_[count])) ++count;
    const std::string found = ascii_lower(rest_.substr(0, count));
    rest_.remove_prefix(count);
    return found;
  }
  [[nodiscard]] bool at_letter() const { return !rest_.empty() && ascii_letter(rest_.front()); }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

// The place of a name or of its abbreviation of three letters or more.
template <std::size_t N>
std::optional<unsigned> place_of(const std::array<std::string_view, N>& names, std::string_view word) {
  if (word.size() < 3) return std::nullopt;
  for (unsigned i = 0; i < N; ++i) {
    if (names[i].starts_with(word)) return i;
  }
  return std::nullopt;
}

std::optional<std::chrono::year> read_year(Scanner& scanner) {
  std::size_t digits = 0;
  const auto year = scanner.number(4, &digits);
  if (!year || (digits != 2 && digits != 4)) return std::nullopt;
  return std::chrono::year(static_cast<int>(digits == 4 ? *year : *year < 70 ? 2000 + *year : 1900 + *year));
}

std::optional<std::chrono::year_month_day> numeric_day(Scanner& scanner) {
  const auto month = scanner.number(2);
  const char separator = scanner.literal('/') ? '/' : scanner.literal('-') ? '-' : '\0';
  if (!month || separator == '\0') return std::nullopt;
  const auto day = scanner.number(2);
  if (!day || !scanner.literal(separator)) return std::nullopt;
  const auto year = read_year(scanner);
  if (!year) return std::nullopt;
  return *year / std::chrono::month(*month) / std::chrono::day(*day);
}

// Behind a month's name: " 31, 2030"; or with the day in front: "31 July 2030".
std::optional<std::chrono::year_month_day> named_day(Scanner& scanner, std::optional<unsigned> day,
                                                     std::string_view name) {
  const auto month = place_of(kMonths, name);
  if (!month) return std::nullopt;
  scanner.literal('.');
  scanner.blanks();
  if (!day) {
    day = scanner.number(2);
    if (!day) return std::nullopt;
  }
  scanner.blanks();
  scanner.literal(',');
  scanner.blanks();
  const auto year = read_year(scanner);
  if (!year) return std::nullopt;
  return *year / std::chrono::month(*month + 1) / std::chrono::day(*day);
}

std::optional<std::chrono::seconds> clock_time(Scanner& scanner) {
  const auto hour = scanner.number(2);
  if (!hour) return std::nullopt;
  unsigned minute = 0, second = 0;
  const bool has_minutes = scanner.literal(':');
  if (has_minutes) {
    const auto minutes = scanner.number(2);
    const auto seconds = minutes && scanner.literal(':') ? scanner.number(2) : std::optional(0u);
    if (!minutes || !seconds) return std::nullopt;
    minute = *minutes;
    second = *seconds;
  }
  scanner.blanks();
  unsigned hours = *hour;
  if (scanner.at_letter()) {
    std::string half = scanner.word();
    if (scanner.literal('.')) half += scanner.word(), scanner.literal('.');
    if ((half != "am" && half != "pm") || hours < 1 || hours > 12) return std::nullopt;
    hours = hours % 12 + (half == "pm" ? 12 : 0);
  } else if (!has_minutes) {
    return std::nullopt;
  }
  if (hours > 23 || minute > 59 || second > 59) return std::nullopt;
  return std::chrono::hours(hours) + std::chrono::minutes(minute) + std::chrono::seconds(second);
}

}  // namespace

std::optional<UsDate> read_us_date(std::string_view text) {
  Scanner scanner(text);
  scanner.blanks();
  UsDate result;
  std::string word;
  if (scanner.at_letter()) {
    word = scanner.word();
    if (const auto weekday = place_of(kDays, word)) {
      result.weekday = std::chrono::weekday(*weekday);
      scanner.literal(',');
      scanner.blanks();
      word = scanner.word();
    }
  }
  std::optional<std::chrono::year_month_day> day;
  if (!word.empty()) {
    day = named_day(scanner, std::nullopt, word);
  } else {
    Scanner ahead = scanner;
    const auto number = ahead.number(2);
    ahead.blanks();
    result.numeric = !(number && ahead.at_letter());
    if (result.numeric) {
      day = numeric_day(scanner);
    } else {
      scanner = ahead;
      day = named_day(scanner, number, scanner.word());
    }
  }
  if (!day || !day->ok()) return std::nullopt;
  result.day = *day;
  scanner.literal(',');
  scanner.blanks();
  if (scanner.at_end()) return result;
  const auto time = clock_time(scanner);
  scanner.blanks();
  if (!time || !scanner.at_end()) return std::nullopt;
  result.time_of_day = *time;
  return result;
}

std::optional<std::chrono::seconds> read_time_of_day(std::string_view text) {
  Scanner scanner(text);
  scanner.blanks();
  const auto time = clock_time(scanner);
  scanner.blanks();
  return scanner.at_end() ? time : std::nullopt;
}

std::optional<std::pair<unsigned, unsigned>> leading_numbers(std::string_view text) {
  Scanner scanner(text);
  scanner.blanks();
  const auto first = scanner.number(2);
  scanner.blanks();
  if (!first || !(scanner.literal('/') || scanner.literal('-') || scanner.literal('.'))) return std::nullopt;
  scanner.blanks();
  const auto second = scanner.number(2);
  if (!second) return std::nullopt;
  return std::pair(*first, *second);
}

}  // namespace certferry::cli
