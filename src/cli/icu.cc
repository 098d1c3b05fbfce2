#include "cli/icu.h"

#include <dlfcn.h>
#include <unicode/udat.h>
#include <unicode/uversion.h>

#include <algorithm>
#include <cmath>

#include "cli/us_date.h"

namespace certferry::cli {
namespace {

using Utf16 = std::u16string;

// The functions used, found by the version in their names: any ICU from 60 on has them.
struct Icu {
  decltype(&udat_open) open = nullptr;
  decltype(&udat_close) close = nullptr;
  decltype(&udat_toPattern) to_pattern = nullptr;
  decltype(&udat_applyPattern) apply_pattern = nullptr;
  decltype(&udat_setLenient) set_lenient = nullptr;
  decltype(&udat_parse) parse = nullptr;
};

template <typename Function>
bool find(void* library, const char* name, int version, Function& function) {
  const std::string versioned = std::string(name) + "_" + std::to_string(version);
  function = reinterpret_cast<Function>(dlsym(library, versioned.c_str()));
  return function != nullptr;
}

std::optional<Icu> open_icu() {
  constexpr int kOldest = 60, kNewest = 90;
  for (int version = kNewest; version >= kOldest; --version) {
    void* library = dlopen(("libicui18n.so." + std::to_string(version)).c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) continue;
    Icu icu;
    if (find(library, "udat_open", version, icu.open) && find(library, "udat_close", version, icu.close) &&
        find(library, "udat_toPattern", version, icu.to_pattern) &&
        find(library, "udat_applyPattern", version, icu.apply_pattern) &&
        find(library, "udat_setLenient", version, icu.set_lenient) && find(library, "udat_parse", version, icu.parse)) {
      return icu;  // stays open until the process ends
    }
    dlclose(library);
  }
  return std::nullopt;
}

const std::optional<Icu>& icu() {
  static const std::optional<Icu> opened = open_icu();
  return opened;
}

// Invisible direction marks go, special spaces become spaces: people type neither.
Utf16 plain(const Utf16& text) {
  Utf16 result;
  for (char16_t c : text) {
    if (c == u'\u200e' || c == u'\u200f' || c == u'\u061c') continue;
    result += c == u'\u00a0' || c == u'\u202f' || c == u'\u2009' ? u' ' : c;
  }
  return result;
}

std::optional<Utf16> to_utf16(std::string_view text) {
  Utf16 result;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t size = lead < 0x80   ? 1
                             : lead < 0xc2 ? 0
                             : lead < 0xe0 ? 2
                             : lead < 0xf0 ? 3
                             : lead < 0xf5 ? 4
                                           : 0;
    if (size == 0 || i + size > text.size()) return std::nullopt;
    char32_t code = size == 1 ? lead : lead & (0x7fu >> size);
    for (std::size_t k = 1; k < size; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xc0) != 0x80) return std::nullopt;
      code = (code << 6) | (next & 0x3fu);
    }
    if (code >= 0x10000) {
      result += static_cast<char16_t>(0xd800 + ((code - 0x10000) >> 10));
      result += static_cast<char16_t>(0xdc00 + (code & 0x3ff));
    } else {
      result += static_cast<char16_t>(code);
    }
    i += size;
  }
  return result;
}

// Takes numbers as people type them: "7" where the pattern asks for "07" ("dd", "MM"), and years with a century where
// it can: "y" reads 30 as the year 30, "yy" reads 30 as 2030 and 2030 as 2030.
Utf16 tolerant(const Utf16& pattern) {
  Utf16 result;
  bool quoted = false;
  for (std::size_t i = 0; i < pattern.size();) {
    const char16_t letter = pattern[i];
    std::size_t end = i + 1;
    while (end < pattern.size() && pattern[end] == letter && letter != u'\'') ++end;
    if (letter == u'\'') quoted = !quoted;
    std::size_t count = end - i;
    if (!quoted && letter == u'y') count = 2;
    if (!quoted && count == 2 && Utf16(u"dMHhk").find(letter) != Utf16::npos) count = 1;
    result.append(count, letter);
    i = end;
  }
  return result;
}

class Format {
 public:
  Format(const Icu& icu, UDateFormatStyle time, UDateFormatStyle date, const std::string& locale) : icu_(icu) {
    constexpr char16_t kUtc[] = u"UTC";
    UErrorCode status = U_ZERO_ERROR;
    format_ = icu.open(time, date, locale.c_str(), kUtc, -1, nullptr, 0, &status);
    if (U_FAILURE(status)) return;
    char16_t buffer[128];
    const int size = icu.to_pattern(format_, false, buffer, 128, &status);
    if (U_FAILURE(status) || size >= 128) return;
    const Utf16 pattern = tolerant(plain(Utf16(buffer, static_cast<std::size_t>(size))));
    icu.apply_pattern(format_, false, pattern.data(), static_cast<int>(pattern.size()));
    icu.set_lenient(format_, false);
    usable_ = true;
  }
  Format(const Format&) = delete;
  Format& operator=(const Format&) = delete;
  ~Format() {
    if (format_) icu_.close(format_);
  }

  // Reads from `at`, moves it behind what was read.
  [[nodiscard]] std::optional<std::chrono::seconds> read(const Utf16& text, std::size_t& at) const {
    if (!usable_) return std::nullopt;
    UErrorCode status = U_ZERO_ERROR;
    int position = static_cast<int>(at);
    const double milliseconds = icu_.parse(format_, text.data(), static_cast<int>(text.size()), &position, &status);
    if (U_FAILURE(status) || position <= static_cast<int>(at)) return std::nullopt;
    at = static_cast<std::size_t>(position);
    return std::chrono::seconds(static_cast<std::int64_t>(std::floor(milliseconds / 1000)));
  }

 private:
  const Icu& icu_;
  UDateFormat* format_ = nullptr;
  bool usable_ = false;
};

std::optional<std::chrono::seconds> time_of_day(const Icu& icu, const Utf16& text, std::size_t at,
                                                const std::string& locale) {
  // What may stand between date and time: blanks, a comma, or a word as German "um".
  for (std::u16string_view word : {u"um", u"at", u"\u00e0", u"a las", u"alle"}) {
    const std::size_t start = text.find_first_not_of(u" ,", at);
    if (start != Utf16::npos && text.compare(start, word.size(), word) == 0) at = start + word.size();
  }
  const std::size_t start = text.find_first_not_of(u" ,", at);
  if (start == Utf16::npos) return std::chrono::seconds(0);
  if (start == at) return std::nullopt;
  for (UDateFormatStyle style : {UDAT_MEDIUM, UDAT_SHORT}) {
    const Format format(icu, style, UDAT_NONE, locale);
    std::size_t end = start;
    auto time = format.read(text, end);
    if (time && end == text.size()) return time;
  }
  // "8:05" where the locale's pattern asks for two digits.
  const std::u16string_view rest = std::u16string_view(text).substr(start);
  if (std::ranges::any_of(rest, [](char16_t c) { return c > 0x7e; })) return std::nullopt;
  return read_time_of_day(std::string(rest.begin(), rest.end()));
}

}  // namespace

LocaleDate read_locale_date(std::string_view text, std::string_view posix_locale) {
  if (!icu()) return {};
  const std::string locale(posix_locale.substr(0, posix_locale.find_first_of(".@")));
  LocaleDate result{true, std::nullopt};
  const auto utf16 = to_utf16(text);
  if (!utf16) return result;
  const Utf16 wanted = plain(*utf16);
  for (UDateFormatStyle style : {UDAT_SHORT, UDAT_MEDIUM, UDAT_LONG, UDAT_FULL}) {
    const Format format(*icu(), UDAT_NONE, style, locale);
    std::size_t end = 0;
    const auto date = format.read(wanted, end);
    if (!date) continue;
    if (const auto time = time_of_day(*icu(), wanted, end, locale)) {
      result.time = CivilTime(*date + *time);
      return result;
    }
  }
  return result;
}

}  // namespace certferry::cli
