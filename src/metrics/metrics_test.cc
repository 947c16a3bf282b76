// SPDX-License-Identifier: Apache-2.0
#include "metrics/metrics.h"

#include <cmath>
#include <cstdio>
#include <limits>
#include <map>
#include <random>
#include <thread>

#include "metrics/test_support.h"

namespace weir::metrics {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

void expect_error(const Result<void>& result, std::string_view code, std::string_view message) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, code);
  EXPECT_EQ(result.error().message, message);
}

// ---- PutMetricData

// Texts recorded from the service.
TEST(PutMetricData, TwoValueFormsAreRefused) {
  MetricsWorld world;
  expect_error(
      world.put({{.metric_name = "m", .value = 1, .values = {2}}}), "InvalidParameterCombination",
      "The parameters MetricData.member.1.Value and MetricData.member.1.Values are mutually "
      "exclusive and you have specified both.");
}

TEST(PutMetricData, ValuesAndCountsMustBeOfOneSize) {
  MetricsWorld world;
  expect_error(
      world.put({{.metric_name = "m", .values = {1, 2}, .counts = {1}}}), "InvalidParameterValue",
      "The parameters MetricData.member.1.Values and MetricData.member.1.Counts must be of "
      "the same size.");
}

TEST(PutMetricData, NotANumberIsRefused) {
  MetricsWorld world;
  expect_error(
      world.put({{.metric_name = "a", .value = 1}, {.metric_name = "m", .value = std::nan("")}}),
      "InvalidParameterValue", "The value NaN for parameter MetricData.member.2.Value is invalid.");
  EXPECT_THAT(world.metrics->list_metrics(world.scope, {})->metrics, IsEmpty());
}

TEST(PutMetricData, TimeMustBeWithinTwoWeeksBackAndTwoHoursAhead) {
  MetricsWorld world;
  const auto put_at = [&](Time time) {
    return world.put({{.metric_name = "m", .timestamp = time, .value = 1}});
  };
  EXPECT_TRUE(put_at(world.now() - hours(14 * 24)));
  EXPECT_TRUE(put_at(world.now() + hours(2)));
  expect_error(
      put_at(world.now() - hours(14 * 24) - seconds(1)), "InvalidParameterValue",
      "The parameter MetricData.member.1.Timestamp must specify a time within the past two "
      "weeks.");
  EXPECT_FALSE(put_at(world.now() + hours(2) + seconds(1)));
}

TEST(PutMetricData, NothingAndTooMuchAreRefused) {
  MetricsWorld world;
  expect_error(world.put({}), "MissingParameter", "The parameter MetricData is required.");
  expect_error(world.put(std::vector<Datum>(1001, {.metric_name = "m", .value = 1})),
               "InvalidParameterValue",
               "The collection MetricData must not have a size greater than 1000.");
  EXPECT_FALSE(world.put({{.metric_name = "m"}}));
  EXPECT_FALSE(world.put({{.metric_name = "m", .value = 1, .unit = "Apples"}}));
  EXPECT_FALSE(world.put({{.metric_name = "m", .value = 0x1p361}}));
}

TEST(PutMetricData, OrderOfDimensionsDoesNotMatter) {
  MetricsWorld world;
  ASSERT_TRUE(world.put({{.metric_name = "m", .dimensions = {{"a", "1"}, {"b", "2"}}, .value = 1},
                         {.metric_name = "m", .dimensions = {{"b", "2"}, {"a", "1"}}, .value = 2},
                         {.metric_name = "m", .dimensions = {{"a", "1"}}, .value = 4}}));
  const auto page = world.metrics->list_metrics(world.scope, {});
  EXPECT_THAT(page->metrics, SizeIs(2));
}

TEST(PutMetricData, RepeatedBatchCountsOnceAndStillTellsOfTheArrival) {
  MetricsWorld world;
  int arrivals = 0;
  world.metrics->on_arrival([&](const Scope&, const MetricId&, Time) { ++arrivals; });
  const Time start = world.now();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(world.put({{.metric_name = "m", .value = 5}}, "batch-1"));
  EXPECT_EQ(world.sum(start, start + minutes(1), 60), 5);
  EXPECT_EQ(arrivals, 3);
  world.restart();
  ASSERT_TRUE(world.put({{.metric_name = "m", .value = 5}}, "batch-1"));
  EXPECT_EQ(world.sum(start, start + minutes(1), 60), 5);
}

TEST(PutMetricData, BatchIdsAreForgottenOldestFirst) {
  MetricsWorld world({.batch_ids_max = 2});
  const Time start = world.now();
  const auto put = [&](std::string_view id) {
    ASSERT_TRUE(world.put({{.metric_name = "m", .value = 1}}, id));
  };
  put("1"), put("2"), put("3");
  world.restart({.batch_ids_max = 2});
  put("2"), put("3");
  EXPECT_EQ(world.sum(start, start + minutes(1), 60), 3);
  put("1");
  EXPECT_EQ(world.sum(start, start + minutes(1), 60), 4);
}

TEST(PutMetricData, SeriesBoundRefusesAllOfTheRequest) {
  MetricsWorld world({.series_max = 2});
  ASSERT_TRUE(world.put({{.metric_name = "a", .value = 1}}));
  const auto refused =
      world.put({{.metric_name = "b", .value = 1}, {.metric_name = "c", .value = 1}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "LimitExceeded");
  EXPECT_THAT(world.metrics->list_metrics(world.scope, {})->metrics, SizeIs(1));
  EXPECT_TRUE(world.put({{.metric_name = "b", .value = 1}}));
}

/// Fails every write while `broken`.
class BreakableStore final : public store::KvStore {
 public:
  Result<std::optional<std::string>> get(std::string_view key) const override {
    return inner_->get(key);
  }
  Result<void> write(const store::WriteBatch& batch) override {
    if (broken) return Error{ErrorKind::unavailable, "ServiceUnavailableException", "disk full"};
    ++writes;
    return inner_->write(batch);
  }
  std::unique_ptr<store::Cursor> cursor() const override { return inner_->cursor(); }

  bool broken = false;
  int writes = 0;

 private:
  std::unique_ptr<store::KvStore> inner_ = store::make_memory_store();
};

TEST(PutMetricData, FailedWriteLeavesNothingBehind) {
  SimulatedRuntime runtime(1);
  BreakableStore store;
  Metrics metrics(runtime, store);
  ASSERT_TRUE(metrics.load());
  const Scope scope;
  const std::vector<Datum> data = {{.metric_name = "m", .value = 1}};
  ASSERT_TRUE(metrics.put(scope, "App", data));
  store.broken = true;
  EXPECT_FALSE(metrics.put(scope, "App", data, "id"));
  store.broken = false;
  ASSERT_TRUE(metrics.put(scope, "App", data, "id"));
  const auto buckets = metrics.buckets(scope, {.metric = MetricId::make("App", "m", {}),
                                               .from = runtime.now(),
                                               .to = runtime.now() + minutes(1)});
  ASSERT_THAT(*buckets, SizeIs(1));
  EXPECT_EQ(buckets->front().aggregate.sum, 2);
  runtime.quiesce();
}

// Goal: concurrent puts lose nothing, in memory or in the store.
TEST(PutMetricData, ConcurrentPutsAddUp) {
  MetricsWorld world;
  const Time start = world.now();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 200; ++k) {
        ASSERT_TRUE(world.put({{.metric_name = "m", .timestamp = start, .value = 1}}));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(world.sum(start, start + minutes(1), 60), 800);
  world.restart();
  EXPECT_EQ(world.sum(start, start + minutes(1), 60), 800);
}

// ---- Buckets, retention, restart

TEST(Buckets, HighResolutionDataHaveSecondsForThreeHours) {
  MetricsWorld world;
  const Time start = world.now();
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(world.put({{.metric_name = "m",
                            .timestamp = start + seconds(i),
                            .value = 1,
                            .storage_resolution = 1}}));
  }
  EXPECT_THAT(world.buckets(start, start + minutes(1), 10), SizeIs(6));
  EXPECT_THAT(world.buckets(start, start + minutes(1), 60), SizeIs(1));
  world.runtime.advance(hours(4));
  EXPECT_THAT(world.buckets(start, start + minutes(1), 10), IsEmpty());
  EXPECT_EQ(world.sum(start, start + minutes(1), 60), 60);
}

TEST(Buckets, StandardDataHaveNoSeconds) {
  MetricsWorld world;
  world.put_value(1, world.now());
  EXPECT_THAT(world.buckets(world.now(), world.now() + minutes(1), 10), IsEmpty());
}

TEST(Buckets, UnitsAreKeptApart) {
  MetricsWorld world;
  ASSERT_TRUE(world.put({{.metric_name = "m", .value = 1, .unit = "Seconds"},
                         {.metric_name = "m", .value = 2, .unit = "Count"},
                         {.metric_name = "m", .value = 4, .unit = "Count"}}));
  const auto buckets = world.buckets(world.now(), world.now() + minutes(1), 60);
  ASSERT_THAT(buckets, SizeIs(2));
  EXPECT_EQ(buckets[0].unit, "Count");
  EXPECT_EQ(buckets[0].aggregate.sum, 6);
  EXPECT_EQ(buckets[1].unit, "Seconds");
}

// Goal: what is rolled up keeps count, sum, extremes and percentiles, and finally goes.
TEST(Retention, RollsUpAfterFifteenAndSixtyThreeDaysAndForgetsAfterFifteenMonths) {
  MetricsWorld world;
  const Time start = world.now();
  for (int i = 0; i < 180; ++i) world.put_value(i, start + minutes(i) - hours(3));
  const Time from = start - hours(3);
  const double total = 179 * 180 / 2;

  world.runtime.advance(hours(24 * 16));
  EXPECT_THAT(world.buckets(from, start, 60), IsEmpty());
  EXPECT_THAT(world.buckets(from, start, 300), SizeIs(36));
  EXPECT_EQ(world.sum(from, start, 300), total);
  const auto five = world.buckets(from, start, 300).front().aggregate;
  EXPECT_EQ(five.maximum, 4);
  EXPECT_EQ(Statistic::parse("p50")->of(five), 2);

  world.runtime.advance(hours(24 * 50));
  EXPECT_THAT(world.buckets(from, start, 300), IsEmpty());
  EXPECT_THAT(world.buckets(from, start, 3600), SizeIs(3));
  EXPECT_EQ(world.sum(from, start, 3600), total);

  world.runtime.advance(hours(24 * 400));
  EXPECT_THAT(world.buckets(from, start, 3600), IsEmpty());
  EXPECT_FALSE(world.metrics->has_negative_values(world.scope, MetricId::make("App", "m", {})));
}

TEST(Retention, ListedForTwoWeeksAfterTheLastData) {
  MetricsWorld world;
  world.put_value(1, world.now());
  world.runtime.advance(hours(24 * 13));
  EXPECT_THAT(world.metrics->list_metrics(world.scope, {})->metrics, SizeIs(1));
  EXPECT_THAT(world.metrics->list_metrics(world.scope, {.recently_active = true})->metrics,
              IsEmpty());
  world.runtime.advance(hours(24 * 2));
  EXPECT_THAT(world.metrics->list_metrics(world.scope, {})->metrics, IsEmpty());
}

// Goal: a slow twin that keeps every value agrees with the store for random data, periods,
// restarts, small caches.
TEST(Buckets, AgreeWithATwinThatKeepsEveryValue) {
  for (const std::uint64_t seed : {1u, 2u, 3u, 4u}) {
    std::mt19937_64 random(seed);
    const Config config{.hot_points_max = seed % 2 == 0 ? 50u : 100'000u};
    MetricsWorld world(config);
    std::vector<std::pair<std::int64_t, double>> all;
    const std::int64_t origin = world.now().seconds();
    for (int i = 0; i < 600; ++i) {
      const auto back = static_cast<std::int64_t>(random() % (random() % 2 == 0 ? 600 : 200'000));
      const std::int64_t at = world.now().seconds() - back;
      const double value = static_cast<double>(random() % 1000);
      world.put_value(value, Time::from_seconds(at));
      all.emplace_back(at, value);
      if (random() % 50 == 0) world.restart(config);
      if (random() % 20 == 0) world.runtime.advance(minutes(random() % 30));
    }
    for (const int period_s : {60, 120, 300, 3600, 86400}) {
      const std::int64_t from = (origin - 200'040) / 60 * 60;
      const std::int64_t to = from + 400'000;
      std::map<std::int64_t, Aggregate> twin;
      for (const auto& [at, value] : all) {
        if (at >= from) twin[from + (at - from) / period_s * period_s].add(value, 1);
      }
      const auto got = world.buckets(Time::from_seconds(from), Time::from_seconds(to), period_s);
      ASSERT_EQ(got.size(), twin.size());
      for (const Bucket& bucket : got) {
        const Aggregate& expected = twin.at(bucket.start.seconds());
        EXPECT_EQ(bucket.aggregate.sum, expected.sum);
        EXPECT_EQ(bucket.aggregate.sample_count, expected.sample_count);
        EXPECT_EQ(bucket.aggregate.minimum, expected.minimum);
        EXPECT_EQ(bucket.aggregate.maximum, expected.maximum);
        EXPECT_EQ(Statistic::parse("p90")->of(bucket.aggregate),
                  Statistic::parse("p90")->of(expected));
      }
    }
  }
}

// ---- ListMetrics

TEST(ListMetrics, FiltersByNameAndDimensions) {
  MetricsWorld world;
  ASSERT_TRUE(
      world.put({{.metric_name = "a", .dimensions = {{"host", "1"}, {"disk", "x"}}, .value = 1},
                 {.metric_name = "a", .dimensions = {{"host", "2"}}, .value = 1},
                 {.metric_name = "b", .value = 1}}));
  const auto count = [&](ListQuery query) {
    return world.metrics->list_metrics(world.scope, query)->metrics.size();
  };
  EXPECT_EQ(count({}), 3);
  EXPECT_EQ(count({.namespace_name = "Other"}), 0);
  EXPECT_EQ(count({.namespace_name = "App", .metric_name = "a"}), 2);
  EXPECT_EQ(count({.dimensions = {{"host", {}}}}), 2);
  EXPECT_EQ(count({.dimensions = {{"host", "1"}}}), 1);
  EXPECT_EQ(count({.dimensions = {{"host", "1"}, {"disk", "y"}}}), 0);
  EXPECT_EQ(world.metrics->list_metrics({"111122223333", "eu-central-1"}, {})->metrics.size(), 0);
}

TEST(ListMetrics, PagesOfFiveHundredCoverEverythingOnce) {
  MetricsWorld world;
  for (int part = 0; part < 2; ++part) {
    std::vector<Datum> data;
    for (int i = 0; i < 600; ++i) {
      data.push_back({.metric_name = "m" + std::to_string(part * 600 + i), .value = 1});
    }
    ASSERT_TRUE(world.put(std::move(data)));
  }
  std::set<MetricId> seen;
  ListQuery query;
  int pages = 0;
  do {
    const auto page = world.metrics->list_metrics(world.scope, query);
    ASSERT_TRUE(page);
    seen.insert(page->metrics.begin(), page->metrics.end());
    query.next_token = page->next_token;
    ++pages;
  } while (!query.next_token.empty());
  EXPECT_EQ(pages, 3);
  EXPECT_THAT(seen, SizeIs(1200));
  const auto bad = world.metrics->list_metrics(world.scope, {.next_token = "nonsense"});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().message, "Request parameter NextToken is invalid");
}

// ---- GetMetricStatistics

StatisticsQuery hour_of_minutes(const MetricsWorld& world) {
  return {.metric = MetricId::make("App", "m", {}),
          .start = world.now() - hours(1),
          .end = world.now() + minutes(1),
          .period_s = 60,
          .statistics = {"Sum"}};
}

TEST(GetMetricStatistics, HoldsOnlyWhatWasAskedFor) {
  MetricsWorld world;
  ASSERT_TRUE(
      world.put({{.metric_name = "m", .values = {1, 2, 3}, .counts = {1, 1, 8}, .unit = "Count"}}));
  auto query = hour_of_minutes(world);
  query.statistics = {"Average", "SampleCount"};
  query.extended_statistics = {"p99", "tm50"};
  const auto points = world.metrics->get_statistics(world.scope, query);
  ASSERT_TRUE(points);
  ASSERT_THAT(*points, SizeIs(1));
  const Datapoint& point = points->front();
  EXPECT_EQ(point.average, 2.7);
  EXPECT_EQ(point.sample_count, 10);
  EXPECT_FALSE(point.sum);
  EXPECT_EQ(point.unit, "Count");
  EXPECT_EQ(point.extended_statistics->at("p99"), 3);
  EXPECT_EQ(point.timestamp, world.now());
}

// Texts recorded from the service.
TEST(GetMetricStatistics, LimitsHaveTheTextsOfAws) {
  MetricsWorld world;
  auto query = hour_of_minutes(world);
  query.start = world.now() - hours(24);
  query.end = world.now();
  query.period_s = 1;
  EXPECT_EQ(world.metrics->get_statistics(world.scope, query).error().message,
            "You have requested up to 86400 datapoints, which exceeds the limit of 1440. You may "
            "reduce the datapoints requested by increasing Period, or decreasing the time range.");
  query.end = query.start;
  EXPECT_EQ(world.metrics->get_statistics(world.scope, query).error().message,
            "The parameter StartTime must be less than the parameter EndTime.");
  query = hour_of_minutes(world);
  query.statistics = {};
  EXPECT_EQ(world.metrics->get_statistics(world.scope, query).error().message,
            "Must specify either Statistics or ExtendedStatistics");
  query = hour_of_minutes(world);
  query.period_s = 45;
  EXPECT_FALSE(world.metrics->get_statistics(world.scope, query));
  query = hour_of_minutes(world);
  query.unit = "Apples";
  EXPECT_THAT(world.metrics->get_statistics(world.scope, query).error().message,
              testing::StartsWith("The parameter Unit must be a value in the set [ Seconds, "));
}

TEST(GetMetricStatistics, StartIsRoundedDownAndBucketsAreAnchoredThere) {
  MetricsWorld world;
  world.put_value(1, world.now() - minutes(5));
  world.put_value(1, world.now() - minutes(1));
  auto query = hour_of_minutes(world);
  query.start = world.now() - minutes(8) + seconds(30);
  query.end = world.now();
  query.period_s = 300;
  const auto points = world.metrics->get_statistics(world.scope, query);
  ASSERT_THAT(*points, SizeIs(2));
  EXPECT_EQ((*points)[0].timestamp, world.now() - minutes(8));
  EXPECT_EQ((*points)[1].timestamp, world.now() - minutes(3));
}

}  // namespace
}  // namespace weir::metrics
