// SPDX-License-Identifier: Apache-2.0
#include "alarms/mute_schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::alarms {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using ::testing::HasSubstr;

Time at(std::string_view text) { return *parse_iso8601(text); }
MuteSchedule schedule(std::string_view expression, std::string_view duration,
                      std::string_view zone = "UTC") {
  auto made = MuteSchedule::make(expression, duration, zone);
  EXPECT_TRUE(made) << made.error().message;
  return *std::move(made);
}
std::string next(const MuteSchedule& of, std::string_view after) {
  const auto start = of.next_start(at(after));
  return start ? to_iso8601(*start) : "never";
}
std::string why_not(std::string_view expression, std::string_view duration = "PT1H",
                    std::string_view zone = "UTC") {
  const auto made = MuteSchedule::make(expression, duration, zone);
  return made ? "" : made.error().message;
}

// API reference, Schedule.
TEST(MuteDuration, IsIso8601BetweenAMinuteAndFifteenDays) {
  EXPECT_EQ(*parse_mute_duration("PT4H"), hours(4));
  EXPECT_EQ(*parse_mute_duration("P2DT12H"), hours(60));
  EXPECT_EQ(*parse_mute_duration("P7D"), hours(168));
  EXPECT_EQ(*parse_mute_duration("P1W"), hours(168));
  EXPECT_EQ(*parse_mute_duration("PT1M"), minutes(1));
  EXPECT_EQ(*parse_mute_duration("P15D"), hours(360));
  EXPECT_EQ(*parse_mute_duration("PT1H30M"), minutes(90));
  for (const char* bad :
       {"", "P", "PT", "PT0M", "P15DT1M", "P16D", "4H", "PT4", "P4H", "PT4D", "PT1M1H", "PT-1H",
        "PT1HT1M", "PT99999999999999999999H", "P1Y", "PT30S"}) {
    EXPECT_FALSE(parse_mute_duration(bad)) << bad;
  }
}

// The examples of the API reference. January 1, 2026 is a Thursday.
TEST(MuteSchedule, CronStartsAsInTheExamplesOfTheReference) {
  EXPECT_EQ(next(schedule("cron(0 2 * * *)", "PT2H"), "2026-01-01T02:00"),
            "2026-01-02T02:00:00.000Z");
  EXPECT_EQ(next(schedule("cron(0 2 * * SUN)", "PT4H"), "2026-01-01T00:00"),
            "2026-01-04T02:00:00.000Z");
  EXPECT_EQ(next(schedule("cron(0 1 1 * *)", "PT6H"), "2026-01-02T00:00"),
            "2026-02-01T01:00:00.000Z");
  EXPECT_EQ(next(schedule("cron(0 18 * * FRI)", "P2DT12H"), "2026-01-01T00:00"),
            "2026-01-02T18:00:00.000Z");
  EXPECT_EQ(next(schedule("cron(0 23 * * *)", "PT2H"), "2026-01-01T22:59"),
            "2026-01-01T23:00:00.000Z");
}

TEST(MuteSchedule, ListsRangesAndNames) {
  const auto weekdays = schedule("cron(0,30 9-10 * JAN-MAR,12 mon-fri)", "PT10M");
  EXPECT_EQ(next(weekdays, "2026-01-02T09:30"), "2026-01-02T10:00:00.000Z");
  EXPECT_EQ(next(weekdays, "2026-01-02T10:30"), "2026-01-05T09:00:00.000Z");
  EXPECT_EQ(next(weekdays, "2026-03-31T10:30"), "2026-12-01T09:00:00.000Z");
  EXPECT_EQ(next(schedule("cron(0 0 * * 7)", "PT1H"), "2026-01-01T00:00"),
            "2026-01-04T00:00:00.000Z");
  // Both fields of days: either will do, as in cron.
  EXPECT_EQ(next(schedule("cron(0 0 13 * FRI)", "PT1H"), "2026-01-01T00:00"),
            "2026-01-02T00:00:00.000Z");
  EXPECT_EQ(next(schedule("cron(0 0 29 2 *)", "PT1H"), "2026-01-01T00:00"),
            "2028-02-29T00:00:00.000Z");
}

TEST(MuteSchedule, WindowIsTheOneThatEndsLast) {
  const auto nightly = schedule("cron(0 18 * * FRI)", "P2DT12H");
  EXPECT_FALSE(nightly.window_at(at("2026-01-02T17:59")));
  const auto window = nightly.window_at(at("2026-01-04T12:00"));
  ASSERT_TRUE(window);
  EXPECT_EQ(window->start, at("2026-01-02T18:00"));
  EXPECT_EQ(window->end, at("2026-01-05T06:00"));
  EXPECT_FALSE(nightly.window_at(at("2026-01-05T06:00")));
  const auto overlapping = schedule("cron(0 * * * *)", "P15D");
  EXPECT_EQ(overlapping.window_at(at("2026-01-04T12:30"))->start, at("2026-01-04T12:00"));
}

TEST(MuteSchedule, OnceAtAMomentOfItsZone) {
  const auto once = schedule("at(2026-05-10T14:00)", "PT2H", "+05:30");
  EXPECT_FALSE(once.is_recurring());
  EXPECT_EQ(next(once, "2026-01-01T00:00"), "2026-05-10T08:30:00.000Z");
  EXPECT_EQ(next(once, "2026-05-10T08:30"), "never");
  EXPECT_TRUE(once.window_at(at("2026-05-10T10:29")));
  EXPECT_FALSE(once.window_at(at("2026-05-10T10:30")));
}

TEST(MuteSchedule, ClocksThatChangeMoveTheWindow) {
  if (!TimeZone::find("Europe/Berlin")) GTEST_SKIP() << "no zone files (package tzdata)";
  const auto daily = schedule("cron(30 2 * * *)", "PT1H", "Europe/Berlin");
  EXPECT_EQ(next(daily, "2026-03-28T00:00"), "2026-03-28T01:30:00.000Z");
  EXPECT_EQ(next(daily, "2026-03-28T12:00"), "2026-03-29T01:30:00.000Z");  // 03:30 in Berlin
  EXPECT_EQ(next(daily, "2026-03-29T12:00"), "2026-03-30T00:30:00.000Z");
  EXPECT_EQ(next(daily, "2026-10-24T12:00"), "2026-10-25T00:30:00.000Z");  // the first 02:30
  EXPECT_EQ(next(daily, "2026-10-25T00:30"), "2026-10-26T01:30:00.000Z");
}

TEST(MuteSchedule, WhatIsWrongIsSaid) {
  EXPECT_THAT(why_not("0 2 * * *"), HasSubstr("cron(...) or at(...)"));
  EXPECT_THAT(why_not("rate(1 day)"), HasSubstr("cron(...) or at(...)"));
  EXPECT_THAT(why_not("cron(0 2 * *)"), HasSubstr("five fields"));
  EXPECT_THAT(why_not("cron(60 2 * * *)"), HasSubstr("there is no 60"));
  EXPECT_THAT(why_not("cron(*/5 * * * *)"), HasSubstr("there is no */5"));
  EXPECT_THAT(why_not("cron(0 5-2 * * *)"), HasSubstr("there is no 5-2"));
  EXPECT_THAT(why_not("cron(0 0 30 2 *)"), HasSubstr("never"));
  EXPECT_THAT(why_not("at(2026-05-10)"), HasSubstr("yyyy-MM-ddThh:mm"));
  EXPECT_THAT(why_not("at(2026-02-30T10:00)"), HasSubstr("yyyy-MM-ddThh:mm"));
  EXPECT_THAT(why_not("cron(0 2 * * *)", "PT4S"), HasSubstr("ISO 8601"));
  EXPECT_THAT(why_not("cron(0 2 * * *)", "PT4H", "Mars/Olympus"), HasSubstr("no time zone"));
}

}  // namespace
}  // namespace weir::alarms
