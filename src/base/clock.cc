#include "base/clock.h"

#include <fmt/format.h>

#include <ctime>

namespace certferry {

Time SystemClock::now() const { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

std::chrono::nanoseconds SystemClock::monotonic() const { return std::chrono::steady_clock::now().time_since_epoch(); }

std::string rfc3339(Time time) {
  auto day = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day date(day);
  std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

namespace {

std::optional<int> digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool literal(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<Time> from_rfc3339(std::string_view text) {
  using namespace std::chrono;
  auto y = digits(text, 4);
  if (!y || !literal(text, "-")) return std::nullopt;
  auto mo = digits(text, 2);
  if (!mo || !literal(text, "-")) return std::nullopt;
  auto d = digits(text, 2);
  if (!d || !literal(text, "Tt ")) return std::nullopt;
  auto h = digits(text, 2);
  if (!h || !literal(text, ":")) return std::nullopt;
  auto mi = digits(text, 2);
  if (!mi || !literal(text, ":")) return std::nullopt;
  auto s = digits(text, 2);
  if (!s || *h > 23 || *mi > 59 || *s > 60) return std::nullopt;
  year_month_day date{year{*y}, month{static_cast<unsigned>(*mo)}, day{static_cast<unsigned>(*d)}};
  if (!date.ok()) return std::nullopt;
  if (literal(text, ".")) {
    if (!digits(text, 1)) return std::nullopt;
    while (digits(text, 1)) {
    }
  }
  Time time = sys_days(date) + hours(*h) + minutes(*mi) + seconds(*s);
  if (literal(text, "Zz")) return text.empty() ? std::optional(time) : std::nullopt;
  if (text.empty()) return std::nullopt;
  int sign = text.front() == '-' ? 1 : -1;
  if (!literal(text, "+-")) return std::nullopt;
  auto oh = digits(text, 2);
  if (!oh || !literal(text, ":")) return std::nullopt;
  auto om = digits(text, 2);
  if (!om || *oh > 23 || *om > 59 || !text.empty()) return std::nullopt;
  return time + sign * (hours(*oh) + minutes(*om));
}

}  // namespace certferry
