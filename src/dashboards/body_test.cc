// SPDX-License-Identifier: Apache-2.0
#include "dashboards/body.h"

#include <gmock/gmock.h>

#include "dashboards/times.h"

namespace weir::dashboards {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Document json(std::string_view text) {
  auto document = parse_json(text);
  EXPECT_TRUE(document) << text;
  return document ? *std::move(document) : Document();
}

/// `path: text` of each error in the body of a dashboard.
std::vector<std::string> errors_of(std::string_view body) {
  std::vector<std::string> out;
  for (const Message& message : check_body(json(body)).errors) {
    out.push_back(message.data_path + ": " + message.text);
  }
  return out;
}

std::string metric_widget(std::string_view properties) {
  return R"({"widgets":[{"type":"metric","properties":)" + std::string(properties) + "}]}";
}

std::vector<MetricRow> rows_of(std::string_view metrics, Messages& messages) {
  return read_rows(json(metrics), "", messages);
}

TEST(DashboardBody, OfEveryKindOfWidgetIsTaken) {
  const auto messages = check_body(json(R"({
    "start": "-PT6H", "end": "P0D", "periodOverride": "inherit",
    "variables": [{"type": "property", "property": "InstanceId", "inputType": "select", "id": "i",
                   "values": [{"value": "i-1", "label": "one"}], "visible": true}],
    "widgets": [
      {"type": "metric", "x": 0, "y": 0, "width": 12, "height": 6, "properties": {
        "metrics": [["AWS/EC2", "CPUUtilization", "InstanceId", "i-1", {"color": "#ff0000",
                     "label": "x", "period": 60, "stat": "p99", "visible": true, "yAxis": "right",
                     "id": "m1"}],
                    [".", ".", ".", "i-2"], ["...", "i-3"], [{"expression": "m1 * 2", "id": "e1"}]],
        "region": "us-east-1", "view": "timeSeries", "stacked": false, "stat": "Average",
        "period": 300, "title": "CPU", "legend": {"position": "right"}, "liveData": true,
        "yAxis": {"left": {"min": 0, "max": 100, "label": "%", "showUnits": false}},
        "annotations": {"horizontal": [{"value": 80, "label": "high", "fill": "above"},
                                       [{"value": 1}, {"value": 2}]],
                        "vertical": [{"value": "2026-01-01T00:00:00Z", "fill": "after"}]}}},
      {"type": "metric", "properties": {"annotations": {"alarms":
        ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:a"]}, "title": "a"}},
      {"type": "text", "properties": {"markdown": "# hi", "background": "transparent"}},
      {"type": "log", "properties": {"query": "SOURCE 'g' | fields @message", "region": "us-east-1",
        "view": "table", "stacked": false, "title": "t"}},
      {"type": "alarm", "properties": {"alarms": ["arn"], "states": ["ALARM", "OK"],
        "sortBy": "timestamp", "title": "t"}},
      {"type": "explorer", "properties": {"metrics": [{"metricName": "CPUUtilization",
        "resourceType": "AWS::EC2::Instance", "stat": "Average"}], "labels": [{"key": "a"}]}},
      {"type": "custom", "properties": {"endpoint": "arn:aws:lambda:us-east-1:1:function:f",
        "updateOn": {"refresh": true}}}
    ]})"));
  EXPECT_THAT(messages.errors, IsEmpty()) << to_text(messages.errors);
  EXPECT_THAT(messages.warnings, IsEmpty()) << to_text(messages.warnings);
}

// Recorded from the service: the three errors of a metric widget without data.
TEST(DashboardBody, AMetricWidgetWithoutDataHasTheErrorsOfAws) {
  EXPECT_THAT(errors_of(metric_widget(R"({"view": "timeSeries"})")),
              ElementsAre("/widgets/0/properties: Should have required property 'metrics'",
                          "/widgets/0/properties: The metric widget should have specified a region "
                          "and a data source or an alarm annotation",
                          "/widgets/0/properties: Should have required property 'annotations'"));
}

TEST(DashboardBody, EachErrorHasItsPath) {
  EXPECT_THAT(errors_of("[]"), ElementsAre(": Should be object"));
  EXPECT_THAT(errors_of("{}"), ElementsAre(": Should have required property 'widgets'"));
  EXPECT_THAT(errors_of(R"({"widgets": {}})"), ElementsAre("/widgets: Should be array"));
  EXPECT_THAT(errors_of(R"({"widgets": [1]})"), ElementsAre("/widgets/0: Should be object"));
  EXPECT_THAT(errors_of(R"({"widgets": [], "end": "P0D"})"),
              ElementsAre(": Should have property start when property end is present"));
  EXPECT_THAT(errors_of(R"({"widgets": [], "start": "yesterday"})"), SizeIs(1));
  EXPECT_THAT(errors_of(R"({"widgets": [], "periodOverride": "x"})"),
              ElementsAre("/periodOverride: Should be equal to one of the allowed values"));
  EXPECT_THAT(errors_of(R"({"widgets": [{"x": 24, "width": 0, "height": 1001, "type": "text"}]})"),
              ElementsAre("/widgets/0/x: Should be <= 23", "/widgets/0/width: Should be >= 1",
                          "/widgets/0/height: Should be <= 1000",
                          "/widgets/0: Should have property y when property x is present",
                          "/widgets/0: Should have required property 'properties'"));
  EXPECT_THAT(errors_of(R"({"widgets": [{"type": "graph", "properties": {}}]})"),
              ElementsAre("/widgets/0/type: Should be equal to one of the allowed values"));
  EXPECT_THAT(errors_of(R"({"widgets": [{"type": "alarm", "properties": {"alarms": [],
                            "states": ["X"]}}]})"),
              ElementsAre("/widgets/0/properties/alarms: Should NOT have fewer than 1 items",
                          "/widgets/0/properties/states/0: Should be equal to one of the allowed "
                          "values"));
  const std::string path = "/widgets/0/properties/metrics/0";
  EXPECT_THAT(errors_of(metric_widget(R"({"region": "r", "metrics": [["ns"]]})")),
              ElementsAre(path + ": Should NOT have fewer than 2 items"));
  EXPECT_THAT(errors_of(metric_widget(R"({"region": "r", "metrics": [["ns", 1]]})")),
              ElementsAre(path + "/1: Invalid metric field type, only \"String\" type is allowed"));
  EXPECT_THAT(errors_of(metric_widget(R"({"region": "r", "metrics": [["ns", "m", "d"]]})")),
              ElementsAre(path + ": Should have a value for each dimension"));
  EXPECT_THAT(errors_of(metric_widget(R"({"region": "r", "metrics": ["ns"]})")),
              ElementsAre(path + ": Should be array"));
  EXPECT_THAT(errors_of(metric_widget(R"({"metrics": [["ns", "m", {"color": "red", "period": 7,
                                          "yAxis": "top"}]]})")),
              ElementsAre(path + "/2/color: Should match pattern "
                                 "\"^#([A-Fa-f0-9]{6}|[A-Fa-f0-9]{3})$\"",
                          path + "/2/period: Should be 1, 5, 10, 20, 30 or a multiple of 60",
                          path + "/2/yAxis: Should be equal to one of the allowed values",
                          "/widgets/0/properties: Should have required property 'region'"));
  EXPECT_THAT(errors_of(metric_widget(R"({"region": "r", "metrics": [],
                 "annotations": {"horizontal": [{}, [{"value": 1}]], "vertical": [{"value": 1}]}})")),
              ElementsAre("/widgets/0/properties/annotations/horizontal/0: Should have required "
                          "property 'value'",
                          "/widgets/0/properties/annotations/horizontal/1: Should NOT have fewer "
                          "than 2 items",
                          "/widgets/0/properties/annotations/vertical/0/value: Should be string"));
}

TEST(DashboardBody, IsBounded) {
  std::string many = R"({"widgets": [)";
  for (int i = 0; i < 501; ++i) many += std::string(i == 0 ? "" : ",") + "{}";
  EXPECT_THAT(errors_of(many + "]}"), ElementsAre("/widgets: Should NOT have more than 500 items"));
  std::string row;
  for (int i = 0; i < 500; ++i) row += std::string(i == 0 ? "" : ",") + R"(["n","m"])";
  const std::string widget =
      R"({"type":"metric","properties":{"region":"r","metrics":[)" + row + "]}}";
  std::string six = widget;
  for (int i = 0; i < 5; ++i) six += "," + widget;
  EXPECT_THAT(errors_of(R"({"widgets": [)" + six + "]}"),
              ElementsAre(": Should NOT have more than 2500 metrics in all widgets together"));
  std::string errors = R"({"widgets": [1)";
  for (int i = 0; i < 400; ++i) errors += ",1";
  EXPECT_THAT(errors_of(errors + "]}"), SizeIs(Messages::kMax));
}

TEST(MetricRows, ShorthandIsWrittenOut) {
  Messages messages;
  const auto rows = rows_of(R"J([["NS", "m", "a", "1", "b", "2"], [".", "n", ".", "3", ".", "."],
                               ["...", "4", {"stat": "Sum"}], ["..."], ["...", "k", "c", "7", "8"],
                               [{"expression": "SUM(METRICS())"}]])J",
                            messages);
  ASSERT_THAT(messages.errors, IsEmpty()) << to_text(messages.errors);
  ASSERT_THAT(rows, SizeIs(6));
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(rows[1].metric_name, "n");
  EXPECT_EQ(rows[1].dimensions, (Pairs{{"a", "3"}, {"b", "2"}}));
  EXPECT_EQ(rows[2].dimensions, (Pairs{{"a", "3"}, {"b", "4"}}));
  EXPECT_EQ(*rows[2].options.find("stat")->string(), "Sum");
  EXPECT_EQ(rows[3].dimensions, rows[2].dimensions);
  EXPECT_EQ(rows[3].options.find("stat"), nullptr);
  EXPECT_EQ(rows[4].dimensions, (Pairs{{"k", "c"}, {"7", "8"}}));
  EXPECT_TRUE(rows[5].is_expression());
}

TEST(MetricRows, ShorthandNeedsARowAboveIt) {
  for (const std::string_view bad :
       {R"([[".", "m"]])", R"([["..."]])", R"([["n", "m"], ["n", "m", ".", "."]])",
        R"([["n", "m"], ["...", "a", "b", "c"]])", R"([["n", "m"], ["n", "..."]])",
        R"([[{"label": "x"}]])", R"([[]])", R"([["n", "m", {"expression": "1"}]])",
        R"([["n", ""]])"}) {
    Messages messages;
    (void)rows_of(bad, messages);
    EXPECT_THAT(messages.errors, SizeIs(1)) << bad;
  }
}

TEST(WidgetTime, IsADateOrADurationFromNow) {
  const Time now = Time::from_seconds(1'767'225'600);
  EXPECT_EQ(read_time("-PT3H", now), now - std::chrono::hours(3));
  EXPECT_EQ(read_time("-P1DT12H30M5S", now), now - std::chrono::seconds(131'405));
  EXPECT_EQ(read_time("-P2W", now), now - std::chrono::hours(14 * 24));
  EXPECT_EQ(read_time("-P1M", now), now - std::chrono::hours(30 * 24));
  EXPECT_EQ(read_time("P0D", now), now);
  EXPECT_EQ(read_time("2026-01-01T00:00:00.000Z", Time()), now);
  for (const std::string_view bad :
       {"", "P", "-P", "-PT", "PT", "-PT3", "-P3H", "-PTXH", "-PT-3H", "-P1DT", "-PT1HT2H",
        "-P99999999999999999999D", "-P100000000Y", "now"}) {
    EXPECT_FALSE(read_time(bad, now)) << bad;
  }
}

}  // namespace
}  // namespace weir::dashboards
