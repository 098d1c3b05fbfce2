#include "x509/time.h"

#include <chrono>

namespace certferry::x509 {
namespace {

// Takes `count` digits off the front.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (char c : text.substr(0, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return value;
}

std::optional<std::chrono::seconds> take_zone(std::string_view& text) {
  if (text.empty()) return std::nullopt;
  const char sign = text.front();
  text.remove_prefix(1);
  if (sign == 'Z') return std::chrono::seconds(0);
  if (sign != '+' && sign != '-') return std::nullopt;
  const auto hours = take_digits(text, 2);
  const auto minutes = take_digits(text, 2);
  if (!hours || !minutes || *hours > 14 || *minutes > 59) return std::nullopt;
  const std::chrono::seconds offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  return sign == '+' ? offset : -offset;
}

}  // namespace

std::optional<Asn1Time> time_from_asn1(const der::Element& element) {
  const bool utc = element.tag == der::kUtcTime;
  if (!utc && element.tag != der::kGeneralizedTime) return std::nullopt;
  std::string_view text = as_text(element.content);
  const bool shape = text.size() == (utc ? 13u : 15u) && text.back() == 'Z';
  auto year = take_digits(text, utc ? 2 : 4);
  const auto month = take_digits(text, 2);
  const auto day = take_digits(text, 2);
  const auto hour = take_digits(text, 2);
  const auto minute = take_digits(text, 2);
  if (!year || !month || !day || !hour || !minute) return std::nullopt;
  if (utc) *year += *year < 50 ? 2000 : 1900;
  const auto second = take_digits(text, 2);
  if (second && !utc && !text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    while (take_digits(text, 1)) {
    }
  }
  const auto zone = take_zone(text);
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!zone || !text.empty() || !date.ok() || *hour > 23 || *minute > 59 || second.value_or(0) > 59)
    return std::nullopt;
  const Time time = std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
                    std::chrono::seconds(second.value_or(0)) - *zone;
  return Asn1Time{time, shape && (utc || *year >= 2050)};
}

}  // namespace certferry::x509
