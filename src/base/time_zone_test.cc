// SPDX-License-Identifier: Apache-2.0
#include "base/time_zone.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace weir {
namespace {

std::int64_t at(std::string_view text) { return parse_iso8601(text)->seconds(); }

TEST(TimeZone, FixedOffsets) {
  EXPECT_EQ(TimeZone::find("UTC")->offset_s(0), 0);
  EXPECT_EQ(TimeZone::find("+05:30")->offset_s(0), 19800);
  EXPECT_EQ(TimeZone::find("UTC-0800")->offset_s(0), -28800);
  EXPECT_EQ(TimeZone::find("UTC+01:00")->to_utc(3600), 0);
  for (const char* bad : {"", "+", "+5:3", "+25:00", "+05:60", "UTC+x", "/etc/passwd",
                          "../../../etc/passwd", "Mars/Olympus", "Europe"}) {
    EXPECT_FALSE(TimeZone::find(bad)) << bad;
  }
}

TEST(TimeZone, NamedZonesFollowDaylightSavingTimeNowAndBeyondTheTable) {
  if (!std::filesystem::exists("/usr/share/zoneinfo/Europe/Berlin")) {
    GTEST_SKIP() << "no zone files (package tzdata)";
  }
  const auto berlin = TimeZone::find("Europe/Berlin");
  ASSERT_TRUE(berlin);
  for (const std::string year : {"2026", "2060"}) {
    EXPECT_EQ(berlin->offset_s(at(year + "-01-15T12:00:00Z")), 3600) << year;
    EXPECT_EQ(berlin->offset_s(at(year + "-07-15T12:00:00Z")), 7200) << year;
  }
  // Sunday, March 29, 2026, 01:00 UTC: two o'clock becomes three.
  EXPECT_EQ(berlin->offset_s(at("2026-03-29T00:59:59Z")), 3600);
  EXPECT_EQ(berlin->offset_s(at("2026-03-29T01:00:00Z")), 7200);
  EXPECT_EQ(berlin->to_utc(at("2026-03-29T02:30:00Z")), at("2026-03-29T01:30:00Z"));
  EXPECT_EQ(berlin->to_utc(at("2026-10-25T02:30:00Z")), at("2026-10-25T00:30:00Z"));  // the first
  EXPECT_EQ(berlin->to_utc(at("2026-10-25T03:00:00Z")), at("2026-10-25T02:00:00Z"));
  const auto sydney = TimeZone::find("Australia/Sydney");
  ASSERT_TRUE(sydney);
  EXPECT_EQ(sydney->offset_s(at("2055-01-15T12:00:00Z")), 11 * 3600);
  EXPECT_EQ(sydney->offset_s(at("2055-07-15T12:00:00Z")), 10 * 3600);
  EXPECT_EQ(TimeZone::find("Asia/Kolkata")->offset_s(at("2026-01-01T00:00:00Z")), 19800);
}

TEST(TimeZone, EveryMomentComesBackFromItsLocalTime) {
  const auto zone = TimeZone::find("America/New_York");
  if (!zone) GTEST_SKIP() << "no zone files (package tzdata)";
  int twice = 0;
  for (std::int64_t t = at("2026-01-01T00:00:00Z"); t < at("2028-01-01T00:00:00Z"); t += 1800) {
    const std::int64_t back = zone->to_utc(t + zone->offset_s(t));
    if (back == t) continue;
    EXPECT_EQ(back, t - 3600);  // the hour that comes twice
    ++twice;
  }
  EXPECT_EQ(twice, 4);  // two half hours in each of two years
}

TEST(TimeZone, DamagedFilesAreRefused) {
  EXPECT_FALSE(TimeZone::parse(""));
  EXPECT_FALSE(TimeZone::parse("TZif2"));
  EXPECT_FALSE(TimeZone::parse(std::string("TZif") + std::string(40, '\xff')));
}

}  // namespace
}  // namespace weir
