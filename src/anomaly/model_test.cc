// SPDX-License-Identifier: Apache-2.0
#include "anomaly/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "anomaly/robust.h"
#include "anomaly/test_support.h"

namespace weir::anomaly {
namespace {

using ::testing::DoubleNear;
using ::testing::Gt;
using ::testing::Lt;

std::optional<Model> fit(const Points& points, int period_s = 300, Model::Options options = {}) {
  options.period_s = period_s;
  return Model::fit(points.times, points.values, options);
}

/// How many of the values of a later time are outside the band.
double share_outside(const Model& model, const Points& points, double deviations) {
  double outside = 0;
  for (std::size_t i = 0; i < points.times.size(); ++i) {
    const auto band = model.at(points.times[i], deviations);
    if (!band || points.values[i] < band->lower || points.values[i] > band->upper) ++outside;
  }
  return outside / static_cast<double>(points.times.size());
}

TEST(RobustEstimates, AreThoseOfTheTextbook) {
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 3, 2}), 2.5);
  EXPECT_EQ(median({}), 0);
  EXPECT_EQ(quantile({0, 10, 20, 30, 40}, 0.25), 10);
  EXPECT_EQ(quantile({0, 10}, 0.75), 7.5);
  EXPECT_EQ(weighted_median({{1, 1}, {2, 1}, {100, 5}}), 100);
  EXPECT_EQ(weighted_median({{1, 3}, {2, 1}, {100, 1}}), 1);
  const std::vector<std::pair<double, double>> line = {{0, 1}, {1, 3}, {2, 5}, {3, 700}, {4, 9}};
  EXPECT_EQ(theil_sen_slope(line), 2);
  EXPECT_EQ(theil_sen_slope({}), 0);
}

TEST(RobustEstimates, ScaleIsTheStandardDeviationOfNormalValuesAndIgnoresAFewWildOnes) {
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal(0, 5);
  std::vector<double> values;
  for (int i = 0; i < 20'000; ++i) values.push_back(normal(random));
  EXPECT_THAT(scale(values), DoubleNear(5, 0.15));
  for (int i = 0; i < 1000; ++i) values[static_cast<std::size_t>(i) * 20] = 1e6;
  EXPECT_THAT(scale(values), DoubleNear(5, 0.8));
  EXPECT_EQ(scale({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9}), 0);
}

TEST(Model, NeedsThreeHoursAndTwelvePoints) {
  const Traffic traffic;
  EXPECT_FALSE(fit(Points::of(traffic, kStart, kStart + 2 * kHour)));
  EXPECT_TRUE(fit(Points::of(traffic, kStart, kStart + 3 * kHour)));
  const Traffic hourly{.period_s = 3600};
  EXPECT_FALSE(fit(Points::of(hourly, kStart, kStart + 11 * kHour), 3600));
  EXPECT_TRUE(fit(Points::of(hourly, kStart, kStart + 12 * kHour), 3600));
  EXPECT_FALSE(Model::fit({}, {}, {}));
}

TEST(Model, IsDeterministic) {
  const Points points = Points::of({}, kStart, kStart + 9 * kDay);
  const auto one = fit(points);
  const auto other = fit(points);
  for (std::int64_t at = kStart; at < kStart + 10 * kDay; at += 7777) {
    EXPECT_EQ(one->at(at, 2)->lower, other->at(at, 2)->lower);
    EXPECT_EQ(one->at(at, 2)->upper, other->at(at, 2)->upper);
  }
}

TEST(Model, LearnsTheDay) {
  const Traffic traffic{.week = 0, .trend = 0};
  const auto model = fit(Points::of(traffic, kStart, kStart + 3 * kDay));
  ASSERT_TRUE(model);
  EXPECT_EQ(model->season(), Model::Season::day);
  for (std::int64_t at = kStart + 3 * kDay; at < kStart + 4 * kDay; at += kHour) {
    EXPECT_THAT(model->at(at, 2)->expected, DoubleNear(traffic.expected(at), 6));
    EXPECT_THAT(model->at(at, 2)->upper - model->at(at, 2)->lower, Lt(40));
  }
}

TEST(Model, LearnsTheWeek) {
  const Traffic traffic{.week = 0.5, .trend = 0};
  const auto model = fit(Points::of(traffic, kStart, kStart + 14 * kDay));
  EXPECT_EQ(model->season(), Model::Season::week);
  const std::int64_t friday = kStart + 15 * kDay;
  const std::int64_t saturday = kStart + 16 * kDay;
  for (const std::int64_t at : {friday + 12 * kHour, saturday + 12 * kHour}) {
    EXPECT_THAT(model->at(at, 2)->expected, DoubleNear(traffic.expected(at), 10));
  }
  EXPECT_THAT(model->at(saturday + 12 * kHour, 2)->upper,
              Lt(traffic.expected(friday + 12 * kHour)));
}

TEST(Model, FollowsATrend) {
  const Traffic traffic{.week = 0, .trend = 1};
  const auto model = fit(Points::of(traffic, kStart, kStart + 14 * kDay));
  const std::int64_t next_day = kStart + 14 * kDay + 18 * kHour;
  EXPECT_THAT(model->at(next_day, 2)->expected / traffic.expected(next_day), DoubleNear(1, 0.08));
}

TEST(Model, AFewWildValuesMoveItLittle) {
  const Traffic traffic{.week = 0, .trend = 0};
  const Points clean = Points::of(traffic, kStart, kStart + 7 * kDay);
  Points spoilt = clean;
  for (std::size_t i = 0; i < spoilt.values.size(); i += 20) spoilt.values[i] *= 50;
  for (std::size_t i = 500; i < 536; ++i) spoilt.values[i] = 0;  // an outage of three hours
  const auto one = fit(clean);
  const auto other = fit(spoilt);
  for (std::int64_t at = kStart + 7 * kDay; at < kStart + 8 * kDay; at += kHour) {
    const auto band = one->at(at, 3);
    EXPECT_THAT(other->at(at, 3)->expected, DoubleNear(band->expected, 0.1 * band->expected));
    EXPECT_THAT(other->at(at, 3)->upper - other->at(at, 3)->lower,
                Lt(2 * (band->upper - band->lower)));
  }
}

TEST(Model, TakesAStepForTheNewLevelAfterAQuarterOfADay) {
  const Traffic traffic{.day = 0, .week = 0, .trend = 0};
  Points points = Points::of(traffic, kStart, kStart + 3 * kDay);
  const auto stepped = [&](std::int64_t since_s) {
    Points out = Points::of(traffic, kStart, kStart + 3 * kDay + since_s);
    for (std::size_t i = 0; i < out.times.size(); ++i) {
      if (out.times[i] >= kStart + 3 * kDay) out.values[i] *= 2;
    }
    return fit(out)->at(kStart + 3 * kDay + since_s, 3)->upper;
  };
  EXPECT_THAT(stepped(2 * kHour), Lt(180));
  EXPECT_THAT(stepped(8 * kHour), Gt(200));
}

TEST(Model, BandHoldsAboutWhatItsWidthSays) {
  for (const auto kind :
       {Traffic::Noise::additive, Traffic::Noise::multiplicative, Traffic::Noise::counts}) {
    const Traffic traffic{.noise = 0.15, .kind = kind};
    const auto model = fit(Points::of(traffic, kStart, kStart + 14 * kDay));
    const Points next = Points::of(traffic, kStart + 14 * kDay, kStart + 15 * kDay, 2);
    EXPECT_THAT(share_outside(*model, next, 2), Lt(0.1));
    EXPECT_THAT(share_outside(*model, next, 3), Lt(0.03));
  }
}

TEST(Model, NoiseThatGrowsWithTheLevelIsMadeEven) {
  Traffic traffic{.period_s = 60, .noise = 0.2, .kind = Traffic::Noise::multiplicative};
  const Points points = Points::of(traffic, kStart, kStart + 3 * kDay);
  EXPECT_EQ(fit(points, 60)->transform(), Model::Transform::logarithm);
  traffic.kind = Traffic::Noise::counts;
  EXPECT_EQ(fit(Points::of(traffic, kStart, kStart + 3 * kDay), 60)->transform(),
            Model::Transform::root);
  traffic.kind = Traffic::Noise::additive;
  EXPECT_EQ(fit(Points::of(traffic, kStart, kStart + 3 * kDay), 60)->transform(),
            Model::Transform::none);
}

TEST(Model, StaysWithinTheLimitsOfTheSeries) {
  Points points = Points::of({}, kStart, kStart + 2 * kDay);
  for (double& value : points.values) value = std::abs(std::fmod(value, 7));
  const auto model = fit(points, 300, {.ceiling = 8});
  EXPECT_EQ(model->at(kStart + 2 * kDay, 50)->lower, 0);
  EXPECT_EQ(model->at(kStart + 2 * kDay, 50)->upper, 8);
  for (double& value : points.values) value -= 3;
  EXPECT_THAT(fit(points)->at(kStart + 2 * kDay, 50)->lower, Lt(-3));
}

TEST(Model, AFlatSeriesDoesNotAlarmOnOneCount) {
  Points points = Points::of({}, kStart, kStart + 2 * kDay);
  for (double& value : points.values) value = 0;
  EXPECT_EQ(fit(points)->at(kStart + 2 * kDay, 2)->upper, 1);
  EXPECT_EQ(fit(points)->at(kStart + 2 * kDay, 2)->lower, 0);
  for (double& value : points.values) value = 1000;
  EXPECT_EQ(fit(points)->at(kStart + 2 * kDay, 2)->upper, 1020);
}

TEST(Model, SpikesThatComeEveryDayAreExpectedIfAskedFor) {
  const Traffic traffic{.day = 0, .week = 0, .trend = 0};
  Points points = Points::of(traffic, kStart, kStart + 7 * kDay);
  std::mt19937_64 random(5);
  // A job of five minutes that starts at any time within the hour after two.
  for (int day = 0; day < 7; ++day) {
    points.values[static_cast<std::size_t>(day) * 288 + 24 + random() % 12] = 400;
  }
  const std::int64_t job = kStart + 7 * kDay + 2 * kHour + 1800;
  EXPECT_THAT(fit(points)->at(job, 2)->upper, Lt(200));
  const auto model = fit(points, 300, {.expects_spikes = true});
  double highest = 0;
  for (std::int64_t at = job - 1800; at < job + 1800; at += 300) {
    highest = std::max(highest, model->at(at, 2)->upper);
  }
  EXPECT_THAT(highest, Gt(380));
  EXPECT_THAT(model->at(job + 6 * kHour, 2)->upper, Lt(200));
}

// Goal: where clocks change, the day that people keep counts.
TEST(Model, DaysAreThoseOfTheTimeZone) {
  const auto berlin = TimeZone::find("Europe/Berlin");
  if (!berlin) GTEST_SKIP() << "the system has no time zones";
  const std::int64_t change = 1'774'746'000;  // 2026-03-29 01:00 UTC
  Points points;
  const auto busy = [&](std::int64_t at) {
    const std::int64_t local = at + berlin->offset_s(at);
    return local % kDay >= 9 * kHour && local % kDay < 17 * kHour ? 100.0 : 20.0;
  };
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  for (std::int64_t at = change - 6 * kDay; at < change; at += 300) {
    points.times.push_back(at);
    points.values.push_back(busy(at) + normal(random));
  }
  const std::int64_t first_hour = change + kDay + 6 * kHour + 1800;  // 09:30 in summer time
  EXPECT_THAT(fit(points, 300, {.zone = *berlin})->at(first_hour, 2)->expected, Gt(90));
  EXPECT_THAT(fit(points)->at(first_hour, 2)->expected, Lt(30));
}

TEST(Model, TakesWhateverComes) {
  const Points points = Points::of({}, kStart, kStart + 2 * kDay);
  EXPECT_FALSE(fit(points)->at(kStart - 1, 2));
  EXPECT_TRUE(fit(points)->at(kStart + 400 * kDay, 2));
  for (const int period_s : {60, 420, 7200, 86'400, 172'800, 604'800}) {
    for (const double factor : {0.0, 1e-300, 1e300, -1e300}) {
      Points odd;
      for (int i = 0; i < 40; ++i) {
        odd.times.push_back(kStart + 77 + std::int64_t{i} * period_s * (1 + i % 3));
        odd.values.push_back(factor * (i % 5));
      }
      std::sort(odd.times.begin(), odd.times.end());
      const auto model = fit(odd, period_s);
      if (!model) continue;
      for (int i = 0; i < 50; ++i) {
        const auto band = model->at(kStart + 100 + std::int64_t{i} * period_s, 2);
        if (band) {
          EXPECT_LE(band->lower, band->upper);
        }
      }
    }
  }
}

}  // namespace
}  // namespace weir::anomaly
