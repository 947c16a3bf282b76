// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <map>
#include <random>

#include "metrics/metrics.h"
#include "metrics/test_support.h"

namespace weir::metrics {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

/// Values of each time, all of them.
using Twin = std::map<std::int64_t, std::vector<double>>;

constexpr std::string_view kPercentiles[] = {"p1", "p10", "p50", "p90", "p99", "p99.9"};

/// Nearest rank, as Statistic has it.
double percentile_of(std::vector<double> values, double percent) {
  std::sort(values.begin(), values.end());
  const double rank = std::ceil(percent / 100 * static_cast<double>(values.size()));
  return values[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

void expect_equal(const Bucket& bucket, const std::vector<double>& values, int period_s) {
  const Aggregate& have = bucket.aggregate;
  double sum = 0;
  for (const double value : values) sum += value;
  // Values are multiples of a small power of two, so sums are exact in any order.
  EXPECT_EQ(have.sum, sum) << period_s;
  EXPECT_EQ(have.sample_count, static_cast<double>(values.size())) << period_s;
  EXPECT_EQ(have.minimum, *std::min_element(values.begin(), values.end())) << period_s;
  EXPECT_EQ(have.maximum, *std::max_element(values.begin(), values.end())) << period_s;
  for (const std::string_view name : kPercentiles) {
    const auto got = Statistic::parse(name)->of(have);
    ASSERT_TRUE(got) << name;
    const double wanted = percentile_of(values, *Statistic::parse(name)->percentile() * 100);
    const double error = have.distribution.is_exact() ? 0 : Distribution::kRelativeError;
    EXPECT_NEAR(*got, wanted, std::abs(wanted) * error * 1.0001) << name << ' ' << period_s;
  }
}

/// What the twin has in each bucket of a period.
Twin in_buckets(const Twin& twin, std::int64_t from_s, int period_s) {
  Twin out;
  for (const auto& [at, values] : twin) {
    auto& bucket = out[from_s + (at - from_s) / period_s * period_s];
    bucket.insert(bucket.end(), values.begin(), values.end());
  }
  return out;
}

// Goal: a datum kept over 1 s -> 1 min -> 5 min -> 1 h: sum, minimum, maximum and count stay exact,
// percentiles within the error that Distribution states.
// Method: two hours of high-resolution data, up to 300 values a second of a heavy tail, so that
// buckets are exact at first and binned later; virtual time; a twin that keeps every value.
TEST(RollUp, ExactNumbersStayExactAndPercentilesWithinTheStatedError) {
  MetricsWorld world;
  std::mt19937_64 random(7);
  const Time start = world.now();
  const std::int64_t from_s = start.seconds();
  Twin twin;
  for (int i = 0; i < 120; ++i) {
    const Time at = start + seconds(i * 60 + static_cast<int>(random() % 60));
    Datum datum{.metric_name = "m", .timestamp = at, .storage_resolution = 1};
    const std::size_t count = i % 10 == 0 ? 1 : 1 + random() % 100;
    for (std::size_t k = 0; k < count; ++k) {
      const double uniform = static_cast<double>(random() % 10'000) / 10'000;
      const double value = std::floor(std::exp(uniform * 12) * 16) / 16;
      datum.values.push_back(value);
      datum.counts.push_back(static_cast<double>(1 + random() % 3));
      auto& all = twin[at.seconds()];
      all.insert(all.end(), static_cast<std::size_t>(datum.counts.back()), value);
    }
    if (at > world.now()) world.runtime.advance(at - world.now());
    ASSERT_TRUE(world.put({datum}));
  }
  const Time end = start + hours(2);
  const auto check = [&](int period_s) {
    const Twin wanted = in_buckets(twin, from_s, period_s);
    const auto got = world.buckets(start, end, period_s);
    ASSERT_EQ(got.size(), wanted.size()) << period_s;
    for (const Bucket& bucket : got) {
      expect_equal(bucket, wanted.at(bucket.start.seconds()), period_s);
    }
  };
  for (const int period_s : {1, 60, 300, 3600}) check(period_s);
  world.runtime.advance(hours(4));  // seconds are gone
  EXPECT_TRUE(world.buckets(start, end, 1).empty());
  for (const int period_s : {60, 300, 3600}) check(period_s);
  world.runtime.advance(hours(24 * 16));  // minutes are gone
  EXPECT_TRUE(world.buckets(start, end, 60).empty());
  for (const int period_s : {300, 3600}) check(period_s);
  world.restart();
  world.runtime.advance(hours(24 * 50));  // five minutes are gone
  EXPECT_TRUE(world.buckets(start, end, 300).empty());
  check(3600);
  world.restart();
  check(3600);
}

// Goal: data that come late, when their minute was rolled up already, are added to it. They cannot:
// nothing older than two weeks is taken and minutes are kept for 15 days. The day between is the
// margin, and this holds it.
TEST(RollUp, NothingIsTakenForWhatWasRolledUp) {
  MetricsWorld world;
  const Time start = world.now();
  world.put_value(1, start);
  world.runtime.advance(hours(24 * 14) - seconds(1));
  world.put_value(2, start);
  EXPECT_EQ(world.sum(start, start + hours(1), 60), 3);
  world.runtime.advance(hours(24 * 2));
  EXPECT_FALSE(world.put({{.metric_name = "m", .timestamp = start, .value = 4}}));
  EXPECT_EQ(world.sum(start, start + hours(1), 300), 3);
}

// Goal: what hides its values, or is negative, has no percentiles after a roll-up either.
TEST(RollUp, OneStatisticSetTakesThePercentilesOfItsBucket) {
  MetricsWorld world;
  const Time start = world.now();
  world.put_value(5, start);
  ASSERT_TRUE(world.put({{.metric_name = "m",
                          .timestamp = start + seconds(60),
                          .statistic_values = StatisticSet{3, 12, 2, 6}}}));
  world.put_value(7, start + seconds(600));
  const auto has_percentiles = [&](int period_s) {
    std::vector<bool> out;
    for (const Bucket& bucket : world.buckets(start, start + hours(1), period_s)) {
      out.push_back(Statistic::parse("p90")->of(bucket.aggregate).has_value());
    }
    return out;
  };
  EXPECT_EQ(has_percentiles(60), (std::vector{true, false, true}));
  world.runtime.advance(hours(24 * 16));
  EXPECT_EQ(has_percentiles(300), (std::vector{false, true}));
  const auto buckets = world.buckets(start, start + hours(1), 300);
  ASSERT_EQ(buckets.size(), 2u);
  EXPECT_EQ(buckets[0].aggregate.sum, 17);
  EXPECT_EQ(buckets[0].aggregate.sample_count, 4);
  EXPECT_EQ(buckets[0].aggregate.minimum, 2);
  EXPECT_EQ(buckets[0].aggregate.maximum, 6);
}

}  // namespace
}  // namespace weir::metrics
