#include "cli/date.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>

#include "cli/local_time.h"

namespace certferry::cli {
namespace {

// The zone of the process for the time of a test.
class Zone {
 public:
  explicit Zone(const char* name) {
    setenv("TZ", name, 1);
    tzset();
  }
  ~Zone() {
    unsetenv("TZ");
    tzset();
  }
};

std::string outcome(std::string_view text, std::string_view locale) {
  const auto reading = read_date(text, locale);
  return reading ? rfc3339(reading->time) + " " + reading->how : reading.error().id;
}

TEST(Date, ReadsIsoInEveryLocale) {
  const Zone zone("Europe/Berlin");
  const struct {
    const char *text, *outcome;
  } cases[] = {
      {"2012-07-31T08:00:00+02:00", "2012-07-31T06:00:00Z RFC 3339"},
      {"2012-07-31T08:00:00Z", "2012-07-31T08:00:00Z RFC 3339"},
      {"2012-07-31 08:00Z", "2012-07-31T08:00:00Z RFC 3339"},
      {"2012-07-31T08:00:00.75-0530", "2012-07-31T13:30:00Z RFC 3339"},
      {"2012-07-31", "2012-07-30T22:00:00Z ISO 8601, local time"},
      {"2012-07-31T08:00", "2012-07-31T06:00:00Z ISO 8601, local time"},
      {"2030-01-02 08:00:30", "2030-01-02T07:00:30Z ISO 8601, local time"},
      {"9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z RFC 3339"},
      {"9999-12-31T23:59:59-01:00", "CF1034"},
      {"1969-12-31", "CF1034"},
      {"2012-02-30", "CF1030"},
      {"2012-07-31T24:00:00Z", "CF1030"},
      {"2012-07-31T08:00:00+2", "CF1030"},
      {"2012-7-31", "CF1030"},
  };
  for (const char* locale : {"C", "en_US.UTF-8", "de_DE.UTF-8", "ja_JP.UTF-8"}) {
    for (const auto& each : cases) EXPECT_EQ(outcome(each.text, locale), each.outcome) << each.text << " " << locale;
  }
}

TEST(Date, ReadsTheUsFormUnderUsLocales) {
  const Zone zone("America/New_York");
  const std::string how = " the US form, local time";
  const struct {
    const char *text, *time;
  } cases[] = {
      {"7/31/2012 8:00 AM", "2012-07-31T12:00:00Z"},
      {"7/31/2030", "2030-07-31T04:00:00Z"},
      {"07/08/2030 20:15", "2030-07-09T00:15:00Z"},
      {"7/31/30 12:00 am", "2030-07-31T04:00:00Z"},
      {"7-31-2030 12:00 PM", "2030-07-31T16:00:00Z"},
      {"7/31/2030 8 pm", "2030-08-01T00:00:00Z"},
      {"7/31/2030, 8:00:05 a.m.", "2030-07-31T12:00:05Z"},
      {"July 31, 2030 8:00 AM", "2030-07-31T12:00:00Z"},
      {"Jul 31 2030", "2030-07-31T04:00:00Z"},
      {"31 July 2030 08:00", "2030-07-31T12:00:00Z"},
      {"Wednesday, July 31, 2030 8:00:00 AM", "2030-07-31T12:00:00Z"},
      {" 1/1/1971 ", "1971-01-01T05:00:00Z"},
  };
  for (const char* locale : {"C", "POSIX", "", "C.UTF-8", "en_US.UTF-8", "en_US"}) {
    for (const auto& each : cases) EXPECT_EQ(outcome(each.text, locale), each.time + how) << each.text;
  }
  for (const char* text :
       {"", "7/31", "31/7/2030", "2/30/2030", "7/31/203", "7/31/2030 25:00", "7/31/2030 13:00 PM", "7/31/2030 8:00 XM",
        "7/31/2030 8", "tomorrow", "7/31/2030 8:00 AM x", "Ju 31 2030", "\xff\xfe"}) {
    EXPECT_EQ(outcome(text, "C"), "CF1030") << text;
  }
  EXPECT_EQ(outcome("Monday, July 31, 2030", "C"), "CF1036");
}

TEST(Date, ReadsTheFormOfTheLocale) {
  const Zone zone("UTC");
  const struct {
    const char *locale, *text, *time;
  } cases[] = {
      {"de_DE.UTF-8", "31.07.2030", "2030-07-31T00:00:00Z"},
      {"de_DE.UTF-8", "31.7.30 08:00", "2030-07-31T08:00:00Z"},
      {"de_DE.UTF-8", "31. Juli 2030 um 20:15:30", "2030-07-31T20:15:30Z"},
      {"de_DE@euro", "31. Juli 2030", "2030-07-31T00:00:00Z"},
      {"de_DE.UTF-8", "7. August 2030", "2030-08-07T00:00:00Z"},
      {"de_DE.UTF-8", "08.08.2030 9:05", "2030-08-08T09:05:00Z"},
      {"en_GB.UTF-8", "31/07/2030 08:00", "2030-07-31T08:00:00Z"},
      {"en_GB.UTF-8", "31/7/30", "2030-07-31T00:00:00Z"},
      {"en_GB.UTF-8", "31 July 2030, 20:15", "2030-07-31T20:15:00Z"},
      {"fr_FR.UTF-8", "31/07/2030 08:00", "2030-07-31T08:00:00Z"},
      {"fr_FR.UTF-8", "31 juillet 2030 \xc3\xa0 08:00", "2030-07-31T08:00:00Z"},
      {"ja_JP.UTF-8", "2030/07/31 8:00", "2030-07-31T08:00:00Z"},
      {"ja_JP.UTF-8", "2030/07/08", "2030-07-08T00:00:00Z"},
      {"ja_JP.UTF-8",
       "2030\xe5\xb9\xb4"
       "7\xe6\x9c\x88"
       "31\xe6\x97\xa5",
       "2030-07-31T00:00:00Z"},
      {"ar_EG.UTF-8", "\xd9\xa3\xd9\xa1/\xd9\xa7/\xd9\xa2\xd9\xa0\xd9\xa3\xd9\xa0", "2030-07-31T00:00:00Z"},
      {"sv_SE.UTF-8", "31 juli 2030", "2030-07-31T00:00:00Z"},
  };
  for (const auto& each : cases) {
    const std::string locale(each.locale);
    EXPECT_EQ(outcome(each.text, locale),
              std::string(each.time) + " the form of " + locale.substr(0, 5) + ", local time")
        << each.text;
  }
  EXPECT_EQ(outcome("7/31/2030 8:00 AM", "de_DE.UTF-8"), "2030-07-31T08:00:00Z the US form, local time");
  EXPECT_EQ(outcome("32.07.2030", "de_DE.UTF-8"), "CF1030");
  EXPECT_EQ(outcome("31.07.2030 25:00", "de_DE.UTF-8"), "CF1030");
  EXPECT_EQ(outcome("31.07.2030 x", "de_DE.UTF-8"), "CF1030");
}

TEST(Date, RefusesWhatCouldBeSwappedUnderALocaleThatIsNotUs) {
  const Zone zone("UTC");
  for (const char* locale : {"de_DE.UTF-8", "en_GB.UTF-8", "fr_FR.UTF-8"}) {
    EXPECT_EQ(outcome("7/8/2030", locale), "CF1031") << locale;
  }
  EXPECT_EQ(outcome("07.08.2030", "de_DE.UTF-8"), "CF1031");
  const auto refused = read_date("7/8/2030 8:00", "en_GB.UTF-8");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "the day and the month of this date could be swapped: it reads as 2030-08-07T08:00:00 and as "
            "2030-07-08T08:00:00");
  EXPECT_EQ(refused.error().fix, "write 2030-08-07T08:00:00 or 2030-07-08T08:00:00");
}

TEST(Date, RefusesTimesThatClocksSkipOrRepeat) {
  const struct {
    const char *zone, *text, *id, *fix;
  } cases[] = {
      {"Europe/Berlin", "2030-03-31T02:30", "CF1032", "write 2030-03-31T01:30:00+01:00 or 2030-03-31T03:30:00+02:00"},
      {"Europe/Berlin", "2030-10-27T02:30", "CF1033", "write 2030-10-27T02:30:00+02:00 or 2030-10-27T02:30:00+01:00"},
      {"America/New_York", "3/10/2030 2:30 AM", "CF1032",
       "write 2030-03-10T01:30:00-05:00 or 2030-03-10T03:30:00-04:00"},
      {"America/New_York", "11/3/2030 1:30 AM", "CF1033",
       "write 2030-11-03T01:30:00-04:00 or 2030-11-03T01:30:00-05:00"},
      {"Australia/Lord_Howe", "2030-10-06T02:15", "CF1032",
       "write 2030-10-06T01:45:00+10:30 or 2030-10-06T02:45:00+11:00"},
      {"Australia/Lord_Howe", "2030-04-07T01:45", "CF1033",
       "write 2030-04-07T01:45:00+11:00 or 2030-04-07T01:45:00+10:30"},
      {"Pacific/Apia", "2011-12-30", "CF1032", "write 2011-12-29T00:00:00-10:00 or 2011-12-31T00:00:00+14:00"},
  };
  for (const auto& each : cases) {
    const Zone zone(each.zone);
    const auto refused = read_date(each.text, "C");
    ASSERT_FALSE(refused) << each.text;
    EXPECT_EQ(refused.error().id, each.id);
    EXPECT_EQ(refused.error().fix, each.fix);
  }
  const Zone zone("Europe/Berlin");
  EXPECT_EQ(outcome("2030-03-31T01:59:59", "C"), "2030-03-31T00:59:59Z ISO 8601, local time");
  EXPECT_EQ(outcome("2030-03-31T03:00:00", "C"), "2030-03-31T01:00:00Z ISO 8601, local time");
  EXPECT_EQ(outcome("2030-10-27T02:30+01:00", "C"), "2030-10-27T01:30:00Z RFC 3339");
}

TEST(Date, IsShownInLocalTimeAndInUtc) {
  const Zone zone("Europe/Berlin");
  EXPECT_EQ(show(*read_date("7/31/2030 8:00 AM", "C")),
            "2030-07-31 08:00:00 CEST (2030-07-31T06:00:00Z), read as the US form, local time");
}

TEST(LocalTime, EveryInstantIsOneOfThoseOfItsCivilTime) {
  for (const char* name : {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"}) {
    const Zone zone(name);
    EXPECT_TRUE(rc::check([] {
      const Time time{std::chrono::seconds(*rc::gen::inRange<std::int64_t>(0, 4102444800))};
      const auto instants = instants_of(CivilTime((time + offset_at(time)).time_since_epoch()));
      RC_ASSERT(std::ranges::find(instants, time) != instants.end());
      RC_ASSERT(from_rfc3339(local_rfc3339(time)) == time);
    }));
  }
}

TEST(Date, SurvivesAnyBytes) {
  const Zone zone("UTC");
  EXPECT_TRUE(rc::check([](const std::string& text) {
    for (const char* locale : {"C", "de_DE.UTF-8", "ar_EG", "x"}) (void)read_date(text, locale);
  }));
}

TEST(DateLocale, IsTheFirstThatIsSet) {
  EXPECT_EQ(date_locale("de_DE", "fr_FR", "C"), "de_DE");
  EXPECT_EQ(date_locale("", "fr_FR", "C"), "fr_FR");
  EXPECT_EQ(date_locale(nullptr, nullptr, "en_GB"), "en_GB");
  EXPECT_EQ(date_locale(nullptr, nullptr, nullptr), "C");
}

}  // namespace
}  // namespace certferry::cli
