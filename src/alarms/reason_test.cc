// SPDX-License-Identifier: Apache-2.0
#include "alarms/reason.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "alarms/text.h"

namespace weir::alarms {
namespace {

Slot point(std::string_view time, double value, bool is_breaching) {
  return {*parse_iso8601(time), value, 1, is_breaching};
}
Slot gap(std::string_view time) { return {*parse_iso8601(time), std::nullopt, 0, false}; }

AlarmConfig config(std::string comparison, double threshold, int periods,
                   std::optional<int> datapoints = {}) {
  AlarmConfig out;
  out.alarm_name = "n";
  out.metric_name = "m";
  out.namespace_name = "App";
  out.statistic = "Average";
  out.period_s = 60;
  out.threshold = threshold;
  out.comparison_operator = std::move(comparison);
  out.evaluation_periods = periods;
  out.datapoints_to_alarm = datapoints;
  return out;
}

// Recorded from the service.
TEST(StateReason, OneOfOne) {
  Decision decision{StateValue::alarm, {point("2026-02-26T10:13:00Z", 21.5, true)}};
  EXPECT_EQ(state_reason(config("GreaterThanThreshold", 21, 1), decision),
            "Threshold Crossed: 1 datapoint [21.5 (26/02/26 10:13:00)] was greater than the "
            "threshold (21.0).");
  decision = {StateValue::ok, {point("2026-02-26T10:13:00Z", 2, false)}};
  EXPECT_EQ(
      state_reason(config("LessThanOrEqualToThreshold", 1, 1), decision),
      "Threshold Crossed: 1 datapoint [2.0 (26/02/26 10:13:00)] was not less than or equal to "
      "the threshold (1.0).");
}

// Seen in published messages.
TEST(StateReason, SeveralWithoutDatapointsToAlarm) {
  const Decision decision{
      StateValue::alarm,
      {point("2025-09-03T06:24:00Z", 84.93, true), point("2025-09-03T06:23:00Z", 80, true)}};
  EXPECT_EQ(
      state_reason(config("GreaterThanOrEqualToThreshold", 80, 2), decision),
      "Threshold Crossed: 2 datapoints were greater than or equal to the threshold (80.0). The "
      "most recent datapoints which crossed the threshold: [84.93 (03/09/25 06:24:00), 80.0 "
      "(03/09/25 06:23:00)].");
}

// Seen in published messages.
TEST(StateReason, OutOfTheLast) {
  Decision decision{
      StateValue::alarm,
      {point("2022-11-08T02:40:00Z", 10.8, true), point("2022-11-08T02:35:00Z", 1, false),
       point("2022-11-08T02:30:00Z", 10.9, true), point("2022-11-08T02:25:00Z", 1, false)}};
  EXPECT_EQ(
      state_reason(config("GreaterThanThreshold", 10.7, 4, 2), decision),
      "Threshold Crossed: 2 out of the last 4 datapoints [10.8 (08/11/22 02:40:00), 10.9 "
      "(08/11/22 02:30:00)] were greater than the threshold (10.7) (minimum 2 datapoints for OK "
      "-> ALARM transition).");
  decision = {StateValue::ok,
              {point("2023-06-02T12:28:00Z", 0, false), point("2023-06-02T12:27:00Z", 1, true)}};
  EXPECT_EQ(state_reason(config("GreaterThanOrEqualToThreshold", 1, 2, 2), decision),
            "Threshold Crossed: 1 out of the last 2 datapoints [0.0 (02/06/23 12:28:00)] was not "
            "greater than or equal to the threshold (1.0) (minimum 1 datapoint for ALARM -> OK "
            "transition).");
}

// Seen in published messages.
TEST(StateReason, FilledBesideAPointThatDecides) {
  Decision decision{StateValue::alarm, {point("2024-03-16T12:15:00Z", 613, true)}};
  for (int i = 0; i < 19; ++i) decision.points.push_back(gap("2024-03-16T12:00:00Z"));
  decision.filled = 19;
  EXPECT_EQ(
      state_reason(config("GreaterThanOrEqualToThreshold", 1, 20, 1), decision),
      "Threshold Crossed: 1 out of the last 20 datapoints [613.0 (16/03/24 12:15:00)] was "
      "greater than or equal to the threshold (1.0) and 19 missing datapoints were treated as "
      "[NonBreaching] (minimum 1 datapoint for OK -> ALARM transition).");
}

TEST(StateReason, FewAndNoDatapoints) {
  Decision decision{StateValue::alarm,
                    {gap("2024-03-16T12:15:00Z"), gap("2024-03-16T12:14:00Z"),
                     point("2024-03-16T12:13:00Z", 5, true)}};
  decision.filled = 2;
  decision.filled_breaching = true;
  EXPECT_EQ(
      state_reason(config("GreaterThanThreshold", 1, 3), decision),
      "Threshold Crossed: 1 datapoint was received for 3 periods and 2 missing datapoints were "
      "treated as [Breaching].");
  decision = {StateValue::ok, {gap("2024-03-16T12:15:00Z")}, 1, false};
  EXPECT_EQ(
      state_reason(config("GreaterThanThreshold", 1, 1), decision),
      "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was "
      "treated as [NonBreaching].");
}

TEST(StateReason, InsufficientData) {
  const Decision decision{StateValue::insufficient_data, {}};
  EXPECT_EQ(state_reason(config("GreaterThanThreshold", 1, 1), decision),
            "Insufficient Data: 1 datapoint was unknown.");
  EXPECT_EQ(state_reason(config("GreaterThanThreshold", 1, 5), decision),
            "Insufficient Data: 5 datapoints were unknown.");
}

TEST(StateReasonData, KeysAndOrderOfAws) {
  Decision decision{StateValue::alarm,
                    {gap("2024-03-16T12:15:00Z"), point("2024-03-16T12:14:00Z", 7.5, true),
                     point("2024-03-16T12:13:00Z", 5, true)}};
  auto alarm = config("GreaterThanThreshold", 1, 3);
  alarm.unit = "Count";
  EXPECT_EQ(state_reason_data(alarm, decision, *parse_iso8601("2024-03-16T12:16:30.125Z")),
            R"({"version":"1.0","queryDate":"2024-03-16T12:16:30.125+0000",)"
            R"("startDate":"2024-03-16T12:13:00.000+0000","unit":"Count","statistic":"Average",)"
            R"("period":60,)"
            R"("recentDatapoints":[5.0,7.5],"threshold":1.0,"evaluatedDatapoints":[)"
            R"({"timestamp":"2024-03-16T12:15:00.000+0000"},)"
            R"({"timestamp":"2024-03-16T12:14:00.000+0000","sampleCount":1.0,"value":7.5},)"
            R"({"timestamp":"2024-03-16T12:13:00.000+0000","sampleCount":1.0,"value":5.0}]})");
}

TEST(StateReasonData, StaysBelowTheLimitsOfAws) {
  Decision decision{StateValue::alarm, {}};
  for (int i = 0; i < 1440; ++i) {
    decision.points.push_back(point("2024-03-16T12:15:00Z", 123456.789012345, true));
  }
  const auto alarm = config("GreaterThanThreshold", 1, 1440, 1440);
  EXPECT_LE(state_reason(alarm, decision).size(), 1023);
  EXPECT_LE(state_reason_data(alarm, decision, Time{}).size(), 4000);
}

TEST(JavaDouble, PrintsAsJava) {
  EXPECT_EQ(java_double(21.5), "21.5");
  EXPECT_EQ(java_double(0), "0.0");
  EXPECT_EQ(java_double(-0.25), "-0.25");
  EXPECT_EQ(java_double(100), "100.0");
  EXPECT_EQ(java_double(0.001), "0.001");
  EXPECT_EQ(java_double(0.0206), "0.0206");
  EXPECT_EQ(java_double(0.0001), "1.0E-4");
  EXPECT_EQ(java_double(9999999), "9999999.0");
  EXPECT_EQ(java_double(1e7), "1.0E7");
  EXPECT_EQ(java_double(8.3714617344E10), "8.3714617344E10");
  EXPECT_EQ(java_double(1234567.5), "1234567.5");
}

TEST(LongTime, ReadsAsInTheLetter) {
  EXPECT_EQ(long_time(*parse_iso8601("2021-03-26T22:49:42Z")),
            "Friday 26 March, 2021 22:49:42 UTC");
}

}  // namespace
}  // namespace weir::alarms
