// SPDX-License-Identifier: Apache-2.0
#include "charts/scale.h"

#include <gmock/gmock.h>

#include <cmath>
#include <random>

namespace weir::charts {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::int64_t kDay_s = 86'400;
constexpr std::int64_t kNewYear_s = 1'767'225'600;  // 2026-01-01T00:00:00Z

std::vector<std::string> texts(const std::vector<TimeTick>& ticks) {
  std::vector<std::string> out;
  for (const TimeTick& tick : ticks) out.push_back(tick.text);
  return out;
}
std::vector<std::string> texts(const ValueScale& scale) {
  std::vector<std::string> out;
  for (const ValueTick& tick : scale.ticks) out.push_back(tick.text);
  return out;
}
ValueScale scale_of(double low, double high) {
  Extent extent;
  extent.add(low);
  extent.add(high);
  return make_value_scale(extent, {}, {}, 5);
}

TEST(ValueScale, TicksAreRoundNumbers) {
  EXPECT_THAT(texts(scale_of(0, 93)), ElementsAre("0", "20", "40", "60", "80"));
  EXPECT_THAT(texts(scale_of(3, 7.1)), ElementsAre("0", "2", "4", "6"));
  EXPECT_THAT(texts(scale_of(0, 0.3)), ElementsAre("0", "0.1", "0.2", "0.3"));
  EXPECT_THAT(texts(scale_of(-3e12, 4e12)), ElementsAre("-2T", "0", "2T", "4T"));
  EXPECT_THAT(texts(scale_of(0, 1500)), ElementsAre("0", "0.5k", "1.0k", "1.5k"));
  EXPECT_THAT(texts(scale_of(0, 9e-9)), ElementsAre("0", "2e-9", "4e-9", "6e-9", "8e-9"));
}

TEST(ValueScale, ZeroBelongsToThePictureUnlessTheDataAreFarFromIt) {
  EXPECT_EQ(scale_of(10, 100).low, 0);
  EXPECT_EQ(scale_of(-100, -10).high, 0);
  EXPECT_GT(scale_of(90, 100).low, 80);
}

TEST(ValueScale, OneValueIsInTheMiddleOfSomething) {
  const ValueScale scale = scale_of(5, 5);
  EXPECT_LT(scale.low, 5);
  EXPECT_GT(scale.high, 5);
  EXPECT_THAT(scale.ticks, SizeIs(testing::Ge(2)));
  EXPECT_EQ(scale_of(0, 0).low, 0);
}

TEST(ValueScale, LimitsHoldToTheLetter) {
  Extent extent;
  extent.add(10);
  const ValueScale scale = make_value_scale(extent, -3, 97, 5);
  EXPECT_EQ(scale.low, -3);
  EXPECT_EQ(scale.high, 97);
  // Limits that leave nothing are not taken to the letter.
  const ValueScale none = make_value_scale(extent, 5, 5, 5);
  EXPECT_LT(none.low, none.high);
  const ValueScale turned = make_value_scale(extent, 50, {}, 5);
  EXPECT_LT(turned.low, turned.high);
}

// Goal: whatever the data, a scale is finite, covers them, and has few ticks in order that read
// differently.
TEST(ValueScale, AnyDataGiveASaneScale) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    const auto number = [&] {
      const double exponent = static_cast<double>(random() % 640) - 320;
      return (random() % 2 == 0 ? 1 : -1) * static_cast<double>(random() % 1000) *
             std::pow(10, exponent);
    };
    Extent extent;
    const double first = number();
    extent.add(first);
    extent.add(random() % 3 == 0 ? first * (1 + 1e-7) : number());
    const ValueScale scale = make_value_scale(extent, {}, {}, 1 + static_cast<int>(random() % 10));
    ASSERT_TRUE(std::isfinite(scale.high - scale.low)) << extent.low << ' ' << extent.high;
    ASSERT_LT(scale.low, scale.high);
    ASSERT_GE(scale.place(extent.low), -1e-6) << extent.low << ' ' << extent.high;
    ASSERT_LE(scale.place(extent.high), 1 + 1e-6) << extent.low << ' ' << extent.high;
    ASSERT_LE(scale.ticks.size(), 30u);
    for (std::size_t k = 1; k < scale.ticks.size(); ++k) {
      ASSERT_LT(scale.ticks[k - 1].value, scale.ticks[k].value);
      ASSERT_NE(scale.ticks[k - 1].text, scale.ticks[k].text)
          << extent.low << ' ' << extent.high << ' ' << scale.ticks[k].text;
    }
  }
}

TEST(TimeTicks, StandAtRoundTimesOfTheZone) {
  const std::int64_t from = kNewYear_s + 13 * 3600 + 37 * 60;
  EXPECT_THAT(texts(time_ticks(from, from + 3 * 3600, 0, 7)),
              ElementsAre("14:00", "14:30", "15:00", "15:30", "16:00", "16:30"));
  EXPECT_THAT(texts(time_ticks(from, from + 3 * 3600, 345, 4)),
              ElementsAre("20:00", "21:00", "22:00"));  // UTC+05:45
  EXPECT_THAT(texts(time_ticks(from, from + 20, 0, 5)),
              ElementsAre("13:37:00", "13:37:05", "13:37:10", "13:37:15", "13:37:20"));
}

TEST(TimeTicks, DaysAreMarked) {
  const auto ticks = time_ticks(kNewYear_s - 6 * 3600, kNewYear_s + 6 * 3600, 0, 5);
  ASSERT_THAT(texts(ticks), ElementsAre("18:00", "21:00", "Jan 01", "03:00", "06:00"));
  EXPECT_TRUE(ticks[2].is_day);
  EXPECT_FALSE(ticks[1].is_day);
  EXPECT_THAT(texts(time_ticks(kNewYear_s, kNewYear_s + 300 * kDay_s, 0, 6)),
              ElementsAre("2026", "Mar", "May", "Jul", "Sep"));
}

TEST(TimeTicks, AreFewInEverySpan) {
  for (std::int64_t span = 1; span < 250'000'000'000; span = span * 5 / 3 + 1) {
    const auto ticks = time_ticks(1000, 1000 + span, -90, 8);
    EXPECT_LE(ticks.size(), 10u) << span;
  }
  EXPECT_THAT(time_ticks(0, 253'402'300'799, 0, 1), IsEmpty());
}

TEST(RangeText, NamesDatesAndZone) {
  const std::int64_t from = kNewYear_s + 13 * 3600;
  EXPECT_EQ(range_text(from, from + 3600, 0), "2026-01-01 13:00 – 14:00 UTC");
  EXPECT_EQ(range_text(from, from + 60, 0), "2026-01-01 13:00:00 – 13:01:00 UTC");
  EXPECT_EQ(range_text(from, from + kDay_s, -90), "2026-01-01 11:30 – 2026-01-02 11:30 UTC-01:30");
  EXPECT_EQ(range_text(kNewYear_s, kNewYear_s + 31 * kDay_s, 0), "2026-01-01 – 2026-01-31");
}

TEST(NumberText, FourDigitsAndAMagnitude) {
  EXPECT_EQ(short_text(0), "0");
  EXPECT_EQ(short_text(1234), "1234");
  EXPECT_EQ(short_text(12'345), "12.35k");
  EXPECT_EQ(short_text(-7'041'111), "-7.041M");
  EXPECT_EQ(short_text(0.0298312), "0.02983");
  EXPECT_EQ(short_text(3.5), "3.5");
  EXPECT_EQ(short_text(1e21), "1e21");
  EXPECT_EQ(short_text(2.5e-7), "2.5e-7");
  EXPECT_EQ(full_text(122637.9897436416), "122637.9897436416");
  EXPECT_EQ(full_text(1.5e300), "1.5e300");
  EXPECT_EQ(full_text(-2), "-2");
}

}  // namespace
}  // namespace weir::charts
