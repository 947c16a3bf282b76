// SPDX-License-Identifier: Apache-2.0
#include "api/cloudwatch/anomaly_detectors.h"

#include <gmock/gmock.h>

#include <cmath>

#include "api/cloudwatch/test_world.h"

namespace weir::api::cloudwatch {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr std::string_view kSingle =
    R"("SingleMetricAnomalyDetector":{"Namespace":"App","MetricName":"m","Stat":"Average"})";

std::string with(std::string_view members) { return '{' + std::string(members) + '}'; }

/// A value every five minutes that goes up and down with the day.
void fill(CloudWatchWorld& world, Duration past) {
  for (Time at = world.runtime.now() - past; at < world.runtime.now(); at = at + minutes(5)) {
    const double of_day = static_cast<double>(at.seconds() % 86'400) / 86'400;
    const double jitter = 0.1 * static_cast<double>(at.seconds() / 300 % 7);
    ASSERT_TRUE(world.metrics.put(world.caller.scope, "App",
                                  {{.metric_name = "m",
                                    .timestamp = at,
                                    .value = 100 + 50 * std::sin(6.283185 * of_day) + jitter}}));
  }
}

// Shape of the answer: recorded from the service.
TEST(AnomalyDetectorsApi, DescribeShowsTheDeprecatedMembersToo) {
  CloudWatchWorld world;
  const Document made = world.answer("PutAnomalyDetector", with(kSingle));
  const std::string id = *made.find("AnomalyDetectorId")->string();
  const Document page = world.answer("DescribeAnomalyDetectors", "{}");
  EXPECT_EQ(to_json(page.find("AnomalyDetectors")->list()->at(0)),
            R"({"Namespace":"App","MetricName":"m","Dimensions":[],"Stat":"Average",)"
            R"("Configuration":{"ExcludedTimeRanges":[]},"StateValue":"TRAINED_INSUFFICIENT_DATA",)"
            R"("SingleMetricAnomalyDetector":{"AccountId":"123456789012","Namespace":"App",)"
            R"("MetricName":"m","Dimensions":[],"Stat":"Average"},"AnomalyDetectorId":")" +
                id + "\"}");
  world.answer("DeleteAnomalyDetector", with(R"("AnomalyDetectorId":")" + id + '"'));
  EXPECT_THAT(*world.answer("DescribeAnomalyDetectors", "{}").find("AnomalyDetectors")->list(),
              SizeIs(0));
}

TEST(AnomalyDetectorsApi, TheDeprecatedFormNamesTheSameDetector) {
  CloudWatchWorld world;
  const auto query = world.query(
      "Action=PutAnomalyDetector&Namespace=App&MetricName=m&Stat=Average&Configuration."
      "ExcludedTimeRanges.member.1.StartTime=2026-01-01T00%3A00%3A00Z&Configuration."
      "ExcludedTimeRanges.member.1.EndTime=2026-01-01T01%3A00%3A00Z");
  EXPECT_EQ(query.status, 200);
  EXPECT_THAT(world.text(query), HasSubstr("<AnomalyDetectorId>"));
  world.answer("PutAnomalyDetector", with(kSingle));
  EXPECT_THAT(*world.answer("DescribeAnomalyDetectors", "{}").find("AnomalyDetectors")->list(),
              SizeIs(1));
  EXPECT_EQ(
      world
          .json("DeleteAnomalyDetector", R"({"Namespace":"App","MetricName":"m","Stat":"Average"})")
          .status,
      200);
}

TEST(AnomalyDetectorsApi, ErrorsHaveTheirModelledNames) {
  CloudWatchWorld world;
  const auto text = [&](std::string_view operation, const std::string& body) {
    return world.text(world.json(operation, body));
  };
  EXPECT_THAT(text("DeleteAnomalyDetector", with(kSingle)),
              HasSubstr("#ResourceNotFoundException"));
  EXPECT_THAT(text("PutAnomalyDetector", "{}"), HasSubstr("#MissingRequiredParameterException"));
  EXPECT_THAT(text("PutAnomalyDetector", with(std::string(kSingle) + R"(,"Stat":"Sum")")),
              HasSubstr("#InvalidParameterCombinationException"));
  EXPECT_THAT(text("PutAnomalyDetector", R"({"Namespace":"App","MetricName":"m","Stat":"Mean"})"),
              HasSubstr("#InvalidParameterValueException"));
  EXPECT_THAT(text("DescribeAnomalyDetectors", R"({"NextToken":"x"})"),
              HasSubstr("#InvalidNextToken"));
  EXPECT_THAT(text("DescribeAnomalyDetectors", R"({"AnomalyDetectorTypes":["OTHER"]})"),
              HasSubstr("enum value set: [SINGLE_METRIC, METRIC_MATH]"));
  EXPECT_EQ(world.json("DeleteAnomalyDetector", with(kSingle), true).status, 404);
}

// Goal: the whole way, from data to a fired alarm, in virtual time.
TEST(AnomalyDetectorsApi, AnAlarmLearnsItsBandAndFires) {
  CloudWatchWorld world;
  fill(world, hours(24 * 7));
  world.answer(
      "PutMetricAlarm",
      R"x({"AlarmName":"a","EvaluationPeriods":1,"ThresholdMetricId":"ad1",)x"
      R"x("ComparisonOperator":"LessThanLowerOrGreaterThanUpperThreshold","Metrics":[{"Id":"m1",)x"
      R"x("MetricStat":{"Metric":{"Namespace":"App","MetricName":"m"},"Period":300,)x"
      R"x("Stat":"Average"}},{"Id":"ad1","Expression":"ANOMALY_DETECTION_BAND(m1, 5)"}]})x");
  world.runtime.advance(minutes(1));
  const auto state = [&] {
    return *world.answer("DescribeAlarms", "{}")
                .find("MetricAlarms")
                ->list()
                ->at(0)
                .find("StateValue")
                ->string();
  };
  EXPECT_EQ(state(), "OK");
  EXPECT_THAT(to_json(world.answer("DescribeAnomalyDetectors", "{}")), HasSubstr("\"TRAINED\""));
  world.answer("PutMetricData",
               R"({"Namespace":"App","MetricData":[{"MetricName":"m","Value":0}]})");
  world.runtime.advance(minutes(2));
  EXPECT_EQ(state(), "ALARM");
}

}  // namespace
}  // namespace weir::api::cloudwatch
