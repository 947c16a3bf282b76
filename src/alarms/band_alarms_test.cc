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

/// A band from 10 to 20 wherever it is known.
class FixedBands final : public metric_math::Bands {
 public:
  Result<Band> band(const Query& query) override {
    deviations = query.deviations;
    if (error) return *error;
    Band out{{metric_math::Series(query.grid, {}, {}), metric_math::Series(query.grid, {}, {})}};
    if (!is_known) return out;
    std::vector<std::int64_t> times;
    for (std::size_t i = 0; i < query.grid.size(); ++i) times.push_back(query.grid.at(i));
    out.sides[0] = {query.grid, times, std::vector<double>(times.size(), 20)};
    out.sides[1] = {query.grid, times, std::vector<double>(times.size(), 10)};
    return out;
  }
  bool is_known = true;
  std::optional<Error> error;
  double deviations = 0;
};

struct BandAlarms : testing::Test {
  FixedBands bands;
  AlarmWorld world{{}, {.bands = &bands}};

  AlarmConfig valid(std::string comparison = "LessThanLowerOrGreaterThanUpperThreshold") const {
    AlarmConfig out = world.valid();
    out.metric_name.reset();
    out.namespace_name.reset();
    out.statistic.reset();
    out.period_s.reset();
    out.threshold.reset();
    metric_math::DataQuery metric{.id = "m1"};
    metric.metric_stat = metric_math::MetricStat{.metric = {"App", "m", {}}, .stat = "Sum"};
    out.queries = {metric, {.id = "ad1", .expression = "ANOMALY_DETECTION_BAND(m1, 3)"}};
    out.threshold_metric_id = "ad1";
    out.comparison_operator = std::move(comparison);
    return out;
  }
  /// One value in the minute that ends, then the tick that judges it.
  void minute_of(double value) {
    world.value(value, world.now());
    world.advance(minutes(1) + seconds(5));
  }
  std::string refusal(const AlarmConfig& config) {
    const auto done = world.alarms->put_metric_alarm(world.scope, config);
    return done ? "" : done.error().code + ": " + done.error().message;
  }
  template <class F>
  std::string refusal_with(F&& change) {
    AlarmConfig config = valid();
    change(config);
    return refusal(config);
  }
};

// Text: User Guide, "Alarms based on anomaly detection" and recorded messages.
TEST_F(BandAlarms, ValuesOutsideTheBandFire) {
  world.put(valid());
  minute_of(15);
  EXPECT_EQ(world.state(), "OK");
  EXPECT_EQ(world.alarm().state_reason,
            "Thresholds Crossed: 1 datapoint [15.0 (01/01/26 00:00:00)] was not less than the "
            "lower thresholds [10.0] or not greater than the upper thresholds [20.0].");
  minute_of(9);
  EXPECT_EQ(world.state(), "ALARM");
  EXPECT_EQ(world.alarm().state_reason,
            "Thresholds Crossed: 1 datapoint [9.0 (01/01/26 00:01:00)] was less than the lower "
            "thresholds [10.0] or greater than the upper thresholds [20.0].");
  EXPECT_THAT(world.told(), ElementsAre("OK", "ALARM"));
  EXPECT_EQ(bands.deviations, 3);
}

TEST_F(BandAlarms, OneSidedOperatorsLookAtTheirSideOnly) {
  world.put(valid("GreaterThanUpperThreshold"));
  AlarmConfig below = valid("LessThanLowerThreshold");
  below.alarm_name = "below";
  below.datapoints_to_alarm = 1;
  world.put(below);
  minute_of(21);
  EXPECT_EQ(world.state(), "ALARM");
  EXPECT_EQ(world.state("below"), "OK");
  EXPECT_THAT(world.alarm().state_reason,
              HasSubstr("was greater than the upper thresholds [20.0]."));
  EXPECT_THAT(world.alarm().state_reason, Not(HasSubstr("lower")));
  minute_of(1);
  EXPECT_EQ(world.state(), "OK");
  EXPECT_EQ(world.alarm("below").state_reason,
            "Thresholds Crossed: 1 out of the last 1 datapoints [1.0 (01/01/26 00:01:00)] was less "
            "than the lower thresholds [10.0] (minimum 1 datapoint for OK -> ALARM transition).");
}

TEST_F(BandAlarms, TheEdgesAreInside) {
  world.put(valid());
  minute_of(20);
  EXPECT_EQ(world.state(), "OK");
  minute_of(10);
  EXPECT_EQ(world.state(), "OK");
}

TEST_F(BandAlarms, ReasonDataHasTheSidesInsteadOfAThreshold) {
  world.put(valid());
  minute_of(21);
  const std::string data = *world.alarm().state_reason_data;
  EXPECT_THAT(data, HasSubstr(R"("recentDatapoints":[21.0],"recentLowerThresholds":[10.0],)"
                              R"("recentUpperThresholds":[20.0],"evaluatedDatapoints")"));
  EXPECT_THAT(data, Not(HasSubstr("\"threshold\"")));
}

TEST_F(BandAlarms, MessageNamesTheBand) {
  world.put(valid());
  minute_of(21);
  ASSERT_FALSE(world.actions.empty());
  const Action& action = world.actions.back().second;
  const auto message = parse_json(action.message);
  ASSERT_TRUE(message);
  const Document& trigger = *message->find("Trigger");
  EXPECT_EQ(*trigger.find("ThresholdMetricId")->string(), "ad1");
  EXPECT_EQ(trigger.find("Threshold"), nullptr);
  EXPECT_EQ(*trigger.find("ComparisonOperator")->string(),
            "LessThanLowerOrGreaterThanUpperThreshold");
  EXPECT_EQ(to_json(trigger.find("Metrics")->list()->at(1)),
            R"x({"Expression":"ANOMALY_DETECTION_BAND(m1, 3)","Id":"ad1","ReturnData":true})x");
  EXPECT_THAT(action.email_text, HasSubstr("LessThanLowerOrGreaterThanUpperThreshold ad1 for"));
  EXPECT_THAT(world.history("ConfigurationUpdate").front().data,
              HasSubstr(R"("thresholdMetricId":"ad1")"));
}

// Reference: a period without a band counts as missing.
TEST_F(BandAlarms, WithoutABandThereIsInsufficientData) {
  bands.is_known = false;
  world.put(valid());
  minute_of(1000);
  EXPECT_EQ(world.state(), "INSUFFICIENT_DATA");
  AlarmConfig breaching = valid();
  breaching.alarm_name = "breaching";
  breaching.treat_missing_data = "breaching";
  world.put(breaching);
  minute_of(1000);
  EXPECT_EQ(world.state("breaching"), "ALARM");
}

TEST_F(BandAlarms, StateStaysWhileTheBandCannotBeHad) {
  world.put(valid());
  minute_of(21);
  EXPECT_EQ(world.state(), "ALARM");
  bands.error = Error{ErrorKind::unavailable, "PendingTraining", "being trained"};
  minute_of(15);
  EXPECT_EQ(world.state(), "ALARM");
  EXPECT_EQ(refusal(valid()), "");  // put all the same
  bands.error.reset();
  minute_of(15);
  EXPECT_EQ(world.state(), "OK");
}

TEST_F(BandAlarms, SurviveARestart) {
  world.put(valid());
  world.restart();
  EXPECT_EQ(*world.alarm().threshold_metric_id, "ad1");
  EXPECT_FALSE(world.alarm().threshold);
  minute_of(21);
  EXPECT_EQ(world.state(), "ALARM");
}

TEST_F(BandAlarms, WhatIsWrongIsRefused) {
  // Text recorded from the service.
  EXPECT_EQ(refusal_with([](AlarmConfig& c) { c.threshold_metric_id.reset(), c.threshold = 1; }),
            "ValidationError: Exactly one element of the metrics list should return data.");
  EXPECT_EQ(refusal_with([](AlarmConfig& c) {
              c.threshold_metric_id.reset();
              c.threshold = 1;
              c.queries->pop_back();
            }),
            "ValidationError: ComparisonOperators for ranges require ThresholdMetricId to be set");
  EXPECT_THAT(refusal_with([](AlarmConfig& c) { c.threshold = 1; }),
              HasSubstr("cannot be specified together"));
  EXPECT_THAT(refusal_with([](AlarmConfig& c) { c.comparison_operator = "LessThanThreshold"; }),
              HasSubstr("ComparisonOperators for ranges"));
  EXPECT_THAT(refusal_with([](AlarmConfig& c) { c.queries->front().return_data = false; }),
              HasSubstr("Exactly two elements"));
  EXPECT_THAT(refusal_with([](AlarmConfig& c) { c.queries->front().id = "ad1"; }),
              HasSubstr("Exactly two elements"));
  EXPECT_THAT(refusal_with([](AlarmConfig& c) { c.threshold_metric_id = "m1"; }),
              HasSubstr("must be the function ANOMALY_DETECTION_BAND"));
  EXPECT_THAT(refusal_with([](AlarmConfig& c) { c.queries->back().expression = "m1 * 2"; }),
              HasSubstr("must be the function ANOMALY_DETECTION_BAND"));
  EXPECT_THAT(refusal_with([](AlarmConfig& c) {
                metric_math::DataQuery other = c.queries->front();
                other.id = "m2";
                other.return_data = false;
                c.queries->push_back(other);
                c.queries->at(1).expression = "ANOMALY_DETECTION_BAND(m2)";
              }),
              HasSubstr("must be of the element that returns data, m1"));
  EXPECT_THAT(refusal_with([](AlarmConfig& c) { c.queries->front().metric_stat->period_s = 30; }),
              HasSubstr("less than 60 seconds"));
  EXPECT_THAT(refusal_with([](AlarmConfig& c) {
                c.alarm_actions = {"arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:x"};
              }),
              HasSubstr("cannot have Auto Scaling actions"));
  AlarmConfig plain = world.valid();
  plain.threshold.reset();
  plain.threshold_metric_id = "ad1";
  plain.comparison_operator = "GreaterThanUpperThreshold";
  EXPECT_THAT(refusal(plain), HasSubstr("only be used together with Metrics"));
  EXPECT_EQ(refusal(valid()), "");
}

TEST_F(BandAlarms, AnAlarmWithAThresholdMayUseABandInItsExpression) {
  AlarmConfig config = valid();
  config.threshold_metric_id.reset();
  config.threshold = 0;
  config.comparison_operator = "GreaterThanThreshold";
  config.queries->front().return_data = false;
  config.queries->back().expression = "IF(m1 > FIRST(ANOMALY_DETECTION_BAND(m1)), 1, 0)";
  world.put(config);
  minute_of(21);
  EXPECT_EQ(world.state(), "ALARM");
  minute_of(15);
  EXPECT_EQ(world.state(), "OK");
}

}  // namespace
}  // namespace weir::alarms
