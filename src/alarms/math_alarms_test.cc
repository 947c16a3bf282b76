// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "alarms/test_support.h"

namespace weir::alarms {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

metric_math::DataQuery metric(const std::string& id, const std::string& name) {
  metric_math::DataQuery out{.id = id};
  out.metric_stat = metric_math::MetricStat{.metric = {"App", name, {}}, .stat = "Sum"};
  out.return_data = false;
  return out;
}

metric_math::DataQuery expression(const std::string& id, const std::string& text) {
  return {.id = id, .expression = text};
}

/// `errors / requests * 100 > 10`.
AlarmConfig error_rate(const AlarmWorld& world) {
  AlarmConfig out = world.valid();
  out.metric_name.reset();
  out.namespace_name.reset();
  out.statistic.reset();
  out.period_s.reset();
  out.threshold = 10;
  out.queries = {metric("errors", "errors"), metric("requests", "requests"),
                 expression("rate", "errors / requests * 100")};
  return out;
}

std::string refusal(const AlarmWorld& world, const AlarmConfig& config) {
  const auto done = world.alarms->put_metric_alarm(world.scope, config);
  return done ? "" : done.error().message;
}

TEST(MathAlarms, WatchTheResultOfTheirExpression) {
  AlarmWorld world;
  world.put(error_rate(world));
  world.value(1, world.now(), "errors");
  world.value(5, world.now(), "requests");
  world.advance(minutes(1) + seconds(5));
  EXPECT_EQ(world.state(), "ALARM");
  EXPECT_EQ(world.alarm().state_reason,
            "Threshold Crossed: 1 datapoint [20.0 (01/01/26 00:00:00)] was greater than the "
            "threshold (10.0).");
  const std::string data = *world.alarm().state_reason_data;
  EXPECT_THAT(data, HasSubstr(R"("period":60,"recentDatapoints":[20.0])"));
  EXPECT_THAT(data, Not(HasSubstr("statistic")));
  EXPECT_THAT(data, Not(HasSubstr("sampleCount")));
  world.value(100, world.now(), "requests");
  world.advance(minutes(1) + seconds(5));
  EXPECT_EQ(world.state(), "OK");
  EXPECT_THAT(world.told(), ElementsAre("ALARM", "OK"));
}

TEST(MathAlarms, MessageListsTheQueries) {
  AlarmWorld world;
  world.put(error_rate(world));
  world.value(1, world.now(), "errors");
  world.value(5, world.now(), "requests");
  world.advance(minutes(2));
  ASSERT_FALSE(world.actions.empty());
  const auto message = parse_json(world.actions[0].second.message);
  ASSERT_TRUE(message);
  const Document& trigger = *message->find("Trigger");
  EXPECT_EQ(trigger.find("MetricName"), nullptr);
  EXPECT_EQ(to_json(trigger.find("Metrics")->list()->at(0)),
            R"({"Id":"errors","MetricStat":{"Metric":{"Dimensions":[],"MetricName":"errors",)"
            R"("Namespace":"App"},"Period":60,"Stat":"Sum"},"ReturnData":false})");
  EXPECT_EQ(to_json(trigger.find("Metrics")->list()->at(2)),
            R"({"Expression":"errors / requests * 100","Id":"rate","ReturnData":true})");
}

TEST(MathAlarms, SurviveARestart) {
  AlarmWorld world;
  world.put(error_rate(world));
  world.restart();
  world.value(1, world.now(), "errors");
  world.value(5, world.now(), "requests");
  world.advance(minutes(2));
  EXPECT_EQ(world.told(), std::vector<std::string>{"ALARM"});
}

TEST(MathAlarms, AnExpressionWithoutDataIsMissingUnlessItIsFilled) {
  AlarmWorld world;
  world.put(error_rate(world));
  world.advance(minutes(5));
  EXPECT_EQ(world.state(), "INSUFFICIENT_DATA");
  AlarmConfig filled = error_rate(world);
  filled.alarm_name = "filled";
  filled.queries->back().expression = "FILL(errors, 0)";
  world.put(filled);
  world.advance(minutes(2));
  EXPECT_EQ(world.state("filled"), "OK");
}

TEST(MathAlarms, WhatIsWrongIsRefused) {
  AlarmWorld world;
  const auto with = [&](auto&& change) {
    AlarmConfig config = error_rate(world);
    change(config);
    return refusal(world, config);
  };
  EXPECT_EQ(with([](AlarmConfig& c) { c.queries->front().return_data = true; }),
            "Exactly one element of the metrics list should return data.");
  EXPECT_THAT(with([](AlarmConfig& c) { c.metric_name = "m"; }),
              HasSubstr("cannot be used together"));
  EXPECT_EQ(with([](AlarmConfig& c) { c.queries->back().expression = "SEARCH('m', 'Sum', 60)"; }),
            "SEARCH is not supported on Metric Alarms.");
  EXPECT_THAT(
      with([](AlarmConfig& c) { c.queries->back().expression = "ANOMALY_DETECTION_BAND(errors)"; }),
      HasSubstr("anomaly detection"));
  EXPECT_THAT(with([](AlarmConfig& c) { c.queries->front().metric_stat->period_s = 300; }),
              HasSubstr("same Period"));
  EXPECT_THAT(with([](AlarmConfig& c) { c.queries->back().expression = "errors +"; }),
              HasSubstr("rate"));
  EXPECT_THAT(with([](AlarmConfig& c) { c.queries->back().expression = "AVG(errors)"; }),
              HasSubstr("must be a time series"));
  EXPECT_THAT(with([](AlarmConfig& c) { c.queries->back().expression = "[errors, requests]"; }),
              HasSubstr("one time series"));
  EXPECT_THAT(with([](AlarmConfig& c) {
                for (int i = 0; i < 20; ++i)
                  c.queries->push_back(metric("x" + std::to_string(i), "m"));
              }),
              HasSubstr("at most 20"));
  EXPECT_THAT(with([](AlarmConfig& c) { c.evaluation_periods = 2000; }),
              HasSubstr("more than a day"));
  EXPECT_EQ(with([](AlarmConfig&) {}), "");
}

TEST(MathAlarms, AreNotAlarmsForAMetric) {
  AlarmWorld world;
  world.put(error_rate(world));
  EXPECT_TRUE(
      world.alarms->describe_for_metric(world.scope, {metrics::MetricId::make("App", "errors", {})})
          .empty());
}

}  // namespace
}  // namespace weir::alarms
