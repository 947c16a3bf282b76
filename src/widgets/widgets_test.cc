// SPDX-License-Identifier: Apache-2.0
#include "widgets/widgets.h"

#include <gmock/gmock.h>

#include "widgets/queries.h"

namespace weir::widgets {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

/// The value and two lines ten above and below it.
class FixedBands final : public metric_math::Bands {
 public:
  Result<Band> band(const Query& query) override {
    std::vector<std::int64_t> times;
    for (std::size_t i = 0; i < query.grid.size(); ++i) times.push_back(query.grid.at(i));
    const std::vector<double> upper(times.size(), 10 * query.deviations);
    const std::vector<double> lower(times.size(), -10 * query.deviations);
    return Band{.sides = {metric_math::Series(query.grid, times, upper),
                          metric_math::Series(query.grid, times, lower)}};
  }
};

struct WidgetsWorld {
  SimulatedRuntime runtime{1};
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  metrics::Metrics metrics{runtime, *store};
  alarms::Alarms alarms{runtime, *store, metrics,
                        [](const Scope&, const alarms::Action&) { return Result<void>(); }};
  FixedBands bands;
  Widgets widgets{metrics, alarms, {.bands = &bands}};
  Scope scope{"123456789012", "us-east-1"};

  WidgetsWorld() {
    EXPECT_TRUE(metrics.load());
    EXPECT_TRUE(alarms.load());
    runtime.advance(minutes(3));
  }
  ~WidgetsWorld() { runtime.quiesce(); }

  /// One value a minute for an hour, up to now.
  void put_hour(const std::string& name, double value, const std::string& host = "",
                const std::string& region = "us-east-1") {
    std::vector<metrics::Datum> data;
    for (int i = 1; i <= 60; ++i) {
      metrics::Datum datum{
          .metric_name = name, .timestamp = runtime.now() - minutes(i), .value = value + i % 3};
      if (!host.empty()) datum.dimensions = {{"Host", host}};
      data.push_back(std::move(datum));
    }
    EXPECT_TRUE(metrics.put({scope.account, region}, "App", data));
  }
  charts::Chart chart(std::string_view widget) {
    auto made = widgets.chart(scope, widget);
    EXPECT_TRUE(made) << made.error().message;
    return made ? *std::move(made) : charts::Chart();
  }
  std::string refusal(std::string_view widget) {
    const auto made = widgets.chart(scope, widget);
    EXPECT_FALSE(made) << widget;
    if (made) return {};
    EXPECT_EQ(made.error().code, "ValidationError");
    return made.error().message;
  }
};

std::vector<std::string> labels(const charts::Chart& chart) {
  std::vector<std::string> out;
  for (const charts::Series& series : chart.series) out.push_back(series.label);
  return out;
}

TEST(Widgets, ShowMetricsAndExpressionsWithTheirLooks) {
  WidgetsWorld world;
  world.put_hour("m", 10, "a");
  world.put_hour("m", 20, "b");
  const charts::Chart chart = world.chart(R"({
    "metrics": [["App", "m", "Host", "a", {"id": "a", "color": "#ff0000", "label": "first"}],
                ["...", "b", {"id": "b", "yAxis": "right", "stat": "Maximum"}],
                ["...", {"id": "c", "visible": false}],
                [{"expression": "a + b", "label": "both, at most ${MAX}", "id": "e"}]],
    "period": 60, "stat": "Sum", "title": "T", "width": 800, "height": 300, "theme": "dark",
    "start": "-PT1H", "timezone": "+0130", "stacked": true, "legend": {"position": "right"},
    "yAxis": {"left": {"min": 0, "label": "L"}, "right": {"max": 50}}})");
  EXPECT_EQ(chart.width, 800);
  EXPECT_EQ(chart.height, 300);
  EXPECT_EQ(chart.title, "T");
  EXPECT_EQ(chart.theme, charts::Theme::dark);
  EXPECT_EQ(chart.view, charts::View::stacked);
  EXPECT_EQ(chart.legend, charts::Legend::right);
  EXPECT_EQ(chart.utc_offset_minutes, 90);
  EXPECT_EQ(chart.to_s - chart.from_s, 3600);
  EXPECT_EQ(chart.left.min, 0);
  EXPECT_EQ(chart.left.label, "L");
  EXPECT_EQ(chart.right.max, 50);
  EXPECT_THAT(labels(chart), ElementsAre("first", "b m", "both, at most 34"));
  EXPECT_EQ(chart.series[0].color, charts::Color::of(0xFF0000));
  EXPECT_TRUE(chart.series[1].is_on_right);
  EXPECT_THAT(chart.series[0].values, SizeIs(60));
  EXPECT_EQ(chart.series[2].period_s, 60);
}

TEST(Widgets, HaveTheDefaultsOfTheReference) {
  WidgetsWorld world;
  const charts::Chart chart = world.chart(R"({"metrics": [["App", "m"]]})");
  EXPECT_EQ(chart.width, 600);
  EXPECT_EQ(chart.height, 400);
  EXPECT_EQ(chart.to_s - chart.from_s, 3 * 3600);
  EXPECT_EQ(chart.to_s, world.runtime.now().seconds());
  ASSERT_THAT(chart.series, SizeIs(1));
  EXPECT_EQ(chart.series[0].period_s, 300);
  EXPECT_THAT(chart.series[0].values, IsEmpty());
}

TEST(Widgets, ShowEverySeriesOfASearchAndOfOtherRegions) {
  WidgetsWorld world;
  world.put_hour("m", 10, "a");
  world.put_hour("m", 20, "b");
  world.put_hour("m", 30, "c", "eu-central-1");
  EXPECT_THAT(labels(world.chart(
                  R"J({"metrics": [[{"expression": "SEARCH('{App,Host} m', 'Sum', 60)"}]]})J")),
              ElementsAre("a", "b"));
  const charts::Chart other = world.chart(
      R"({"metrics": [["App", "m", "Host", "c"], ["...", {"region": "eu-central-1"}]]})");
  ASSERT_THAT(other.series, SizeIs(2));
  EXPECT_NE(other.series[0].values.empty(), other.series[1].values.empty());
  EXPECT_THAT(world.chart(R"({"metrics": [["App", "m", "Host", "c"]], "region": "eu-central-1"})")
                  .series[0]
                  .values,
              SizeIs(testing::Gt(0)));
}

TEST(Widgets, AnAnomalyBandIsShadedAndNotTwoLines) {
  WidgetsWorld world;
  world.put_hour("m", 10);
  const charts::Chart chart = world.chart(R"J({"metrics": [["App", "m", {"id": "m1"}],
      [{"expression": "ANOMALY_DETECTION_BAND(m1, 3)", "color": "#00ff00"}]], "period": 60})J");
  EXPECT_THAT(labels(chart), ElementsAre("m"));
  ASSERT_THAT(chart.bands, SizeIs(1));
  EXPECT_EQ(chart.bands[0].label, "m (expected)");
  EXPECT_EQ(chart.bands[0].color, charts::Color::of(0x00FF00));
  EXPECT_THAT(chart.bands[0].times_s, SizeIs(180));
  EXPECT_THAT(chart.bands[0].upper, Each(30));
  EXPECT_THAT(chart.bands[0].lower, Each(-30));
}

TEST(Widgets, WhatHasNoDataSourceIsMarkedAsIncomplete) {
  WidgetsWorld world;
  const Widgets without(world.metrics, world.alarms);
  const auto chart = without.chart(world.scope, R"J({"metrics": [["App", "m", {"id": "m1"}],
      [{"expression": "ANOMALY_DETECTION_BAND(m1)"}]]})J");
  ASSERT_TRUE(chart);
  ASSERT_THAT(chart->series, SizeIs(2));
  EXPECT_FALSE(chart->series[0].is_incomplete);
  EXPECT_TRUE(chart->series[1].is_incomplete);
}

TEST(Widgets, AnnotationsBecomeLevelsAndMoments) {
  WidgetsWorld world;
  const charts::Chart chart = world.chart(R"({"metrics": [["App", "m"]], "annotations": {
    "horizontal": [{"value": 8, "label": "x", "color": "#0000ff", "fill": "above",
                    "yAxis": "right"},
                   [{"value": 1, "label": "low"}, {"value": 2, "label": "high"}],
                   {"value": 3, "visible": false}],
    "vertical": [{"value": "2026-01-01T00:00:00Z", "label": "v", "fill": "before"},
                 [{"value": "2026-01-01T00:00:00Z"}, {"value": "2026-01-01T00:10:00Z"}]]}})");
  ASSERT_THAT(chart.levels, SizeIs(2));
  EXPECT_EQ(chart.levels[0].value, 8);
  EXPECT_EQ(chart.levels[0].fill, charts::Level::Fill::above);
  EXPECT_TRUE(chart.levels[0].is_on_right);
  EXPECT_EQ(chart.levels[1].to, 2);
  EXPECT_EQ(chart.levels[1].to_label, "high");
  ASSERT_THAT(chart.moments, SizeIs(2));
  EXPECT_EQ(chart.moments[0].time_s, 1'767'225'600);
  EXPECT_EQ(chart.moments[0].fill, charts::Moment::Fill::before);
  EXPECT_EQ(chart.moments[1].to_s, 1'767'226'200);
}

TEST(Widgets, AnAlarmIsItsThresholdAndAloneAlsoItsMetric) {
  WidgetsWorld world;
  world.put_hour("m", 10);
  alarms::AlarmConfig config;
  config.alarm_name = "too many";
  config.metric_name = "m";
  config.namespace_name = "App";
  config.statistic = "Sum";
  config.period_s = 60;
  config.evaluation_periods = 3;
  config.threshold = 12.5;
  config.comparison_operator = "GreaterThanThreshold";
  ASSERT_TRUE(world.alarms.put_metric_alarm(world.scope, config));
  const std::string arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:too many";
  const charts::Chart alone = world.chart(R"({"annotations": {"alarms": [")" + arn + R"("]}})");
  ASSERT_THAT(alone.levels, SizeIs(1));
  EXPECT_EQ(alone.levels[0].value, 12.5);
  EXPECT_EQ(alone.levels[0].label, "m > 12.5 for 3 datapoints within 3 minutes");
  EXPECT_EQ(alone.title, "too many");
  ASSERT_THAT(alone.series, SizeIs(1));
  EXPECT_THAT(alone.series[0].values, SizeIs(60));
  const charts::Chart beside = world.chart(
      R"({"metrics": [["App", "other"]], "annotations": {"alarms": [")" + arn + R"("]}})");
  EXPECT_THAT(beside.levels, SizeIs(1));
  EXPECT_THAT(labels(beside), ElementsAre("other"));
  EXPECT_THAT(world.refusal(R"({"annotations": {"alarms": [")" + arn + R"(x"]}})"),
              StartsWith("There is no metric alarm with the ARN "));
}

// User Guide, "Using live data": without it periods that have not ended are not shown.
TEST(Widgets, APeriodThatHasNotEndedIsShownIfAskedForOrAlone) {
  WidgetsWorld world;
  world.put_hour("m", 10);
  ASSERT_TRUE(world.metrics.put(world.scope, "App", {{.metric_name = "m", .value = 1}}));
  ASSERT_TRUE(world.metrics.put(world.scope, "App", {{.metric_name = "new", .value = 1}}));
  world.runtime.advance(std::chrono::seconds(20));
  const auto points = [&](const std::string& more) {
    return world.chart(R"({"metrics": [["App", "m"], ["App", "new"]], "period": 60)" + more + "}");
  };
  EXPECT_THAT(points("").series[0].values, SizeIs(60));
  EXPECT_THAT(points("").series[1].values, SizeIs(1));
  EXPECT_THAT(points(R"(, "liveData": true)").series[0].values, SizeIs(61));
}

TEST(Widgets, AnAxisNamesTheUnitOfItsSeriesIfTheyHaveOne) {
  WidgetsWorld world;
  const auto put = [&](const std::string& name, const std::string& unit) {
    ASSERT_TRUE(
        world.metrics.put(world.scope, "App", {{.metric_name = name, .value = 1, .unit = unit}}));
  };
  put("in", "Bytes"), put("out", "Bytes"), put("time", "Seconds"), put("plain", "None");
  world.runtime.advance(std::chrono::seconds(20));
  const auto left = [&](const std::string& members) {
    return world.chart(R"({"liveData": true, "metrics": )" + members + "}").left.label;
  };
  EXPECT_EQ(left(R"([["App", "in"], ["App", "out"]])"), "Bytes");
  EXPECT_EQ(left(R"([["App", "in"], ["App", "time"]])"), "");
  EXPECT_EQ(left(R"([["App", "in"], ["App", "time", {"yAxis": "right"}]])"), "Bytes");
  EXPECT_EQ(left(R"([["App", "plain"]])"), "");
  EXPECT_EQ(left(R"([["App", "in"]], "yAxis": {"left": {"showUnits": false}})"), "");
  EXPECT_EQ(left(R"([["App", "in"]], "yAxis": {"left": {"label": "mine"}})"), "mine");
}

TEST(Widgets, OneValueForTheWholeRange) {
  WidgetsWorld world;
  world.put_hour("m", 10);
  const charts::Chart chart = world.chart(R"({"metrics": [["App", "m"]], "view": "singleValue",
      "setPeriodToTimeRange": true, "stat": "SampleCount", "sparkline": true})");
  EXPECT_EQ(chart.view, charts::View::numbers);
  EXPECT_TRUE(chart.has_sparklines);
  EXPECT_THAT(chart.series[0].values, ElementsAre(60));
}

TEST(Widgets, PeriodsGrowWithAgeAndRange) {
  const Time now = Time::from_seconds(1'767'225'600);
  const auto period = [&](int wanted_s, Duration back, Duration span) {
    Defaults defaults;
    defaults.now = now;
    defaults.start = now - back;
    defaults.end = defaults.start + span;
    return period_for(wanted_s, defaults);
  };
  EXPECT_EQ(period(1, hours(1), minutes(10)), 1);
  EXPECT_EQ(period(1, hours(4), minutes(10)), 60);
  EXPECT_EQ(period(300, hours(3), hours(3)), 300);
  EXPECT_EQ(period(60, hours(16 * 24), hours(1)), 300);
  EXPECT_EQ(period(420, hours(16 * 24), hours(1)), 600);
  EXPECT_EQ(period(60, hours(64 * 24), hours(1)), 3600);
  EXPECT_EQ(period(60, hours(14 * 24), hours(14 * 24)), 840);
}

TEST(Widgets, WhatIsWrongIsListed) {
  WidgetsWorld world;
  EXPECT_THAT(world.refusal("{"), HasSubstr("must be a valid JSON object"));
  EXPECT_THAT(world.refusal("[]"), HasSubstr("must be a valid JSON object"));
  EXPECT_THAT(world.refusal("{}"), HasSubstr("Should have required property 'metrics'"));
  EXPECT_THAT(world.refusal(R"({"metrics": [["App", "m"]], "width": 2001})"),
              HasSubstr(R"("dataPath": "/width")"));
  EXPECT_THAT(world.refusal(R"({"metrics": [["App", "m"]], "theme": "blue", "view": "x"})"),
              HasSubstr("there are 2 validation errors"));
  EXPECT_THAT(world.refusal(R"({"metrics": [["App", "m"]], "start": "P0D"})"),
              HasSubstr("must be after its start"));
  EXPECT_THAT(world.refusal(R"({"metrics": [["App", "m"]], "timezone": "CET"})"),
              HasSubstr("timezone"));
  EXPECT_THAT(world.refusal(R"({"metrics": [["App", "m", {"stat": "p101"}]]})"),
              HasSubstr("is not supported"));
  EXPECT_THAT(world.refusal(R"({"metrics": [[{"expression": "1 +"}]]})"),
              HasSubstr("Invalid syntax"));
  EXPECT_THAT(
      world.refusal(R"({"metrics": [["App", "m", {"id": "a"}], ["App", "n", {"id": "a"}]]})"),
      HasSubstr("unique"));
  EXPECT_THAT(world.refusal(std::string(Widgets::kTextMax + 1, ' ')), HasSubstr("longer than"));
  std::string many = R"({"metrics": [["App", "m"])";
  for (int i = 0; i < 100; ++i) many += R"(, ["App", "m"])";
  EXPECT_THAT(world.refusal(many + "]}"), HasSubstr("Should NOT have more than 100 items"));
}

TEST(Widgets, AnImageIsAPng) {
  WidgetsWorld world;
  world.put_hour("m", 10);
  const auto png = world.widgets.image(world.scope, R"({"metrics": [["App", "m"]]})");
  ASSERT_TRUE(png);
  EXPECT_THAT(*png, StartsWith("\x89PNG\r\n"));
}

}  // namespace
}  // namespace weir::widgets
