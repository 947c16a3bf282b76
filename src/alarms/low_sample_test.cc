// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "alarms/test_support.h"

namespace weir::alarms {
namespace {

// The rule for percentiles with few samples (User Guide, "Percentile-based alarms and low data
// samples") is about the samples of one metric; the result of an expression has none, so it is
// always evaluated. What an expression reads may still be a percentile.
TEST(LowSamples, OfAPercentileWithinAnExpressionAreAlwaysEvaluated) {
  for (const bool ignores : {false, true}) {
    AlarmWorld world;
    AlarmConfig alarm = world.valid();
    alarm.metric_name.reset();
    alarm.namespace_name.reset();
    alarm.statistic.reset();
    alarm.period_s.reset();
    metric_math::DataQuery metric{.id = "m"};
    metric.metric_stat = metric_math::MetricStat{.metric = {"App", "m", {}}, .stat = "p99"};
    metric.return_data = false;
    alarm.queries = {metric, {.id = "e", .expression = "m * 1"}};
    if (ignores) alarm.evaluate_low_sample_count_percentile = "ignore";
    world.put(alarm);
    world.value(5, world.now());
    world.advance(std::chrono::minutes(2));
    EXPECT_EQ(world.state(), "ALARM") << ignores;
  }
}

TEST(LowSamples, TheThresholdOfSamplesDependsOnThePercentile) {
  for (const auto& [percentile, samples] : {std::pair{"p99", 1000}, std::pair{"p50", 20}}) {
    AlarmWorld world;
    AlarmConfig alarm = world.valid();
    alarm.statistic.reset();
    alarm.extended_statistic = percentile;
    alarm.evaluate_low_sample_count_percentile = "ignore";
    world.put(alarm);
    const auto put = [&](int count) {
      ASSERT_TRUE(world.metrics->put(
          world.scope, "App",
          {{.metric_name = "m", .values = {5}, .counts = {static_cast<double>(count)}}}));
      world.advance(std::chrono::minutes(1) + std::chrono::seconds(5));
    };
    put(samples - 1);
    EXPECT_EQ(world.state(), "INSUFFICIENT_DATA") << percentile;
    put(samples);
    EXPECT_EQ(world.state(), "ALARM") << percentile;
  }
}

}  // namespace
}  // namespace weir::alarms
