// SPDX-License-Identifier: Apache-2.0
#include "anomaly/detectors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "anomaly/test_support.h"
#include "metric_math/metric_data.h"

namespace weir::anomaly {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::Lt;
using ::testing::SizeIs;

struct DetectorsTest : testing::Test {
  SimulatedRuntime runtime{1};
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  Scope scope{"123456789012", "us-east-1"};
  Config config;
  std::unique_ptr<metrics::Metrics> metrics;
  std::unique_ptr<Detectors> detectors;

  DetectorsTest() { start(); }
  ~DetectorsTest() override { stop(); }
  void start() {
    metrics = std::make_unique<metrics::Metrics>(runtime, *store);
    EXPECT_TRUE(metrics->load());
    detectors = std::make_unique<Detectors>(runtime, *store, *metrics, config);
    EXPECT_TRUE(detectors->load());
  }
  void stop() {
    runtime.quiesce();
    detectors.reset();
    metrics.reset();
  }
  void restart() {
    stop();
    start();
  }

  static Definition of_metric(std::string name = "m", std::string stat = "Average") {
    Definition out;
    out.subject.single.emplace();
    out.subject.single->namespace_name = "App";
    out.subject.single->metric_name = std::move(name);
    out.subject.single->stat = std::move(stat);
    return out;
  }
  static std::vector<metric_math::DataQuery> ratio(int period_s = 300) {
    std::vector<metric_math::DataQuery> out;
    for (const char* id : {"a", "b"}) {
      metric_math::DataQuery query{.id = id};
      query.metric_stat =
          metric_math::MetricStat{.metric = {"App", id, {}}, .period_s = period_s, .stat = "Sum"};
      query.return_data = false;
      out.push_back(std::move(query));
    }
    out.push_back({.id = "e", .expression = "a / b"});
    return out;
  }
  static Definition of_math(int period_s = 300) {
    Definition out;
    out.subject.math.emplace(MetricMath{ratio(period_s)});
    return out;
  }

  /// A value every five minutes of the last `past`.
  void fill(Duration past, const std::string& name = "m", double level = 100,
            std::optional<std::string> unit = {}) {
    std::mt19937_64 random(9);
    std::normal_distribution<double> normal(level, level / 50);
    std::vector<metrics::Datum> data;
    const auto put = [&] {
      const auto done = metrics->put(scope, "App", data);
      EXPECT_TRUE(done) << done.error().message;
      data.clear();
    };
    for (Time at = runtime.now() - past; at < runtime.now(); at = at + minutes(5)) {
      data.push_back({.metric_name = name, .timestamp = at, .value = normal(random), .unit = unit});
      if (data.size() == 1000) put();
    }
    put();
  }

  /// What GetMetricData gives of the last hour for the queries and a band of the last of them.
  Result<metric_math::DataPage> data(std::vector<metric_math::DataQuery> queries,
                                     const std::string& band = "", Duration past = hours(1)) {
    metric_math::DataRequest request;
    const std::string id = queries.back().id;
    request.queries = std::move(queries);
    request.queries.push_back(
        {.id = "ad1", .expression = band.empty() ? "ANOMALY_DETECTION_BAND(" + id + ")" : band});
    request.start = runtime.now() - past;
    request.end = runtime.now();
    request.ascending = true;
    return metric_math::MetricData(*metrics, {.bands = &detectors->bands()}).get(scope, request);
  }
  static std::vector<metric_math::DataQuery> metric(const std::string& stat = "Average",
                                                    int period_s = 300) {
    metric_math::DataQuery out{.id = "m1"};
    out.metric_stat =
        metric_math::MetricStat{.metric = {"App", "m", {}}, .period_s = period_s, .stat = stat};
    return {out};
  }
  Result<metric_math::Bands::Band> alarm_band() {
    const auto queries = metric();
    const std::int64_t now_s = runtime.now().seconds();
    return detectors->alarm_bands().band({scope, queries, "m1", {now_s - 900, now_s, 300}, {}, 2});
  }
  std::string state_of_first() {
    const auto page = detectors->describe(scope, {.with_math = true});
    return page && !page->detectors.empty() ? page->detectors[0].state : "none";
  }
  std::string refusal(const Definition& definition) {
    const auto done = detectors->put(scope, definition);
    return done ? "" : done.error().code + ": " + done.error().message;
  }
};

TEST_F(DetectorsTest, BandIsTwoSeriesAroundTheMetric) {
  fill(hours(24 * 3));
  ASSERT_TRUE(detectors->put(scope, of_metric()));
  const auto page = data(metric());
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_THAT(page->results, SizeIs(3));
  const auto& upper = page->results[1];
  const auto& lower = page->results[2];
  EXPECT_EQ(upper.id, "ad1");
  EXPECT_EQ(lower.id, "ad1");
  EXPECT_EQ(upper.label, "ad1 High");
  EXPECT_EQ(lower.label, "ad1 Low");
  EXPECT_THAT(upper.values, SizeIs(12));
  EXPECT_EQ(upper.timestamps, page->results[0].timestamps);
  EXPECT_EQ(lower.timestamps, upper.timestamps);
  for (std::size_t i = 0; i < 12; ++i) {
    EXPECT_THAT(upper.values[i], testing::AllOf(Gt(102), Lt(115)));
    EXPECT_THAT(lower.values[i], testing::AllOf(Gt(85), Lt(98)));
  }
}

TEST_F(DetectorsTest, DeviationsMakeTheBandWide) {
  fill(hours(24 * 3));
  ASSERT_TRUE(detectors->put(scope, of_metric()));
  const auto width = [&](const std::string& band) {
    const auto page = data(metric(), band);
    return page->results[1].values[0] - page->results[2].values[0];
  };
  EXPECT_NEAR(width("ANOMALY_DETECTION_BAND(m1, 4)"), 2 * width("ANOMALY_DETECTION_BAND(m1)"),
              1e-6);
}

TEST_F(DetectorsTest, BandCanBeUsedInExpressions) {
  fill(hours(24 * 3));
  ASSERT_TRUE(detectors->put(scope, of_metric()));
  const auto upper = data(metric(), "FIRST(ANOMALY_DETECTION_BAND(m1))");
  ASSERT_TRUE(upper);
  ASSERT_THAT(upper->results, SizeIs(2));
  EXPECT_EQ(upper->results[1].label, "ad1");
  EXPECT_THAT(upper->results[1].values, SizeIs(12));
  const auto is_normal = data(metric(), "IF(m1 < FIRST(ANOMALY_DETECTION_BAND(m1, 9)), 1, 0)");
  EXPECT_THAT(is_normal->results[1].values, testing::Each(1));
}

// Unverified on the service: it gives no points; the message is ours.
TEST_F(DetectorsTest, WithoutADetectorThereAreNoPointsAndAReason) {
  fill(hours(24));
  const auto page = data(metric());
  ASSERT_TRUE(page);
  EXPECT_THAT(page->results[1].values, IsEmpty());
  EXPECT_EQ(page->results[1].status_code, "Complete");
  ASSERT_THAT(page->messages, SizeIs(1));
  EXPECT_EQ(page->messages[0].code, "AnomalyDetectorNotFound");
  EXPECT_EQ(state_of_first(), "none");
  ASSERT_TRUE(detectors->put(scope, of_metric("m", "Sum")));  // of another statistic
  EXPECT_THAT(data(metric())->results[1].values, IsEmpty());
  EXPECT_THAT(data(metric("Sum"))->results[1].values, SizeIs(12));
}

TEST_F(DetectorsTest, EachPeriodHasAModelOfItsOwn) {
  fill(hours(24 * 4));
  ASSERT_TRUE(detectors->put(scope, of_metric("m", "Sum")));
  EXPECT_NEAR(data(metric("Sum", 300))->results[1].values[0], 105, 7);
  EXPECT_NEAR(data(metric("Sum", 3600))->results[1].values.at(0), 1220, 60);
}

TEST_F(DetectorsTest, TooLittleDataGiveNoBandUntilThereAreEnough) {
  fill(hours(2));
  ASSERT_TRUE(detectors->put(scope, of_metric()));
  EXPECT_EQ(state_of_first(), "PENDING_TRAINING");
  runtime.run_ready();
  EXPECT_EQ(state_of_first(), "TRAINED_INSUFFICIENT_DATA");
  EXPECT_THAT(data(metric())->results[1].values, IsEmpty());
  fill(hours(6));
  runtime.advance(minutes(1));
  EXPECT_THAT(data(metric())->results[1].values, SizeIs(Ge(11)));
  EXPECT_EQ(state_of_first(), "TRAINED_INSUFFICIENT_DATA");
}

TEST_F(DetectorsTest, SubMinutePeriodsAreRefused) {
  ASSERT_TRUE(detectors->put(scope, of_metric()));
  const auto page = data(metric("Average", 10));
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().code, "ValidationError");
  EXPECT_THAT(page.error().message, HasSubstr("at least 60 seconds"));
}

TEST_F(DetectorsTest, ModelsAreLearntAnewOnSchedule) {
  fill(hours(24 * 2));
  ASSERT_TRUE(detectors->put(scope, of_metric()));
  const auto upper = [&] { return alarm_band()->sides[0].values->at(0); };
  runtime.run_ready();
  EXPECT_EQ(state_of_first(), "TRAINED");
  EXPECT_THAT(upper(), Lt(115));
  fill(hours(24 * 2), "m", 300);  // the average of both is 200
  runtime.advance(minutes(5));
  EXPECT_THAT(upper(), Lt(115));
  runtime.advance(minutes(15));
  EXPECT_THAT(upper(), Gt(180));
}

TEST_F(DetectorsTest, ChangedSettingsAreLearntAtOnce) {
  fill(hours(24 * 2));
  ASSERT_TRUE(detectors->put(scope, of_metric()));
  EXPECT_THAT(data(metric())->results[1].values, SizeIs(12));
  Definition none = of_metric();
  none.configuration.emplace();
  none.configuration->excluded = {{runtime.now() - hours(72), runtime.now()}};
  ASSERT_TRUE(detectors->put(scope, none));
  EXPECT_THAT(data(metric())->results[1].values, IsEmpty());
}

TEST_F(DetectorsTest, ExcludedTimesAreNotLearntFrom) {
  fill(hours(24));
  std::vector<metrics::Datum> data_of_test;
  const Time begin = runtime.now() - hours(23);
  for (int i = 0; i < 240; ++i) {
    data_of_test.push_back({.metric_name = "m", .timestamp = begin + minutes(5 * i), .value = 1e6});
  }
  ASSERT_TRUE(metrics->put(scope, "App", data_of_test));
  Definition definition = of_metric("m", "Maximum");
  ASSERT_TRUE(detectors->put(scope, definition));
  EXPECT_THAT(data(metric("Maximum"))->results[1].values.at(0), Gt(1e5));
  definition.configuration.emplace();
  definition.configuration->excluded = {{begin, begin + hours(20)}};
  ASSERT_TRUE(detectors->put(scope, definition));
  EXPECT_THAT(data(metric("Maximum"))->results[1].values.at(0), Lt(200));
}

TEST_F(DetectorsTest, PercentagesDoNotExpectMoreThanAHundred) {
  fill(hours(24 * 2), "m", 90, "Percent");
  ASSERT_TRUE(detectors->put(scope, of_metric()));
  const auto page = data(metric(), "ANOMALY_DETECTION_BAND(m1, 50)");
  EXPECT_EQ(page->results[1].values.at(0), 100);
  EXPECT_EQ(page->results[2].values.at(0), 0);
}

TEST_F(DetectorsTest, AnAlarmCreatesItsDetectorAndDoesNotWait) {
  fill(hours(24 * 2));
  const auto first = alarm_band();
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(first.error().code, "PendingTraining");
  runtime.run_ready();
  const auto second = alarm_band();
  ASSERT_TRUE(second);
  EXPECT_THAT(*second->sides[0].values, SizeIs(3));
  // What somebody deletes an alarm makes again.
  ASSERT_TRUE(detectors->remove(scope, of_metric().subject));
  EXPECT_EQ(state_of_first(), "none");
  EXPECT_FALSE(alarm_band());
  EXPECT_EQ(state_of_first(), "PENDING_TRAINING");
}

TEST_F(DetectorsTest, AnAlarmFindsTheDetectorThatIsThere) {
  fill(hours(24 * 2));
  Definition definition = of_metric();
  definition.configuration.emplace();
  definition.configuration->timezone = "UTC";
  const auto id = detectors->put(scope, definition);
  runtime.run_ready();
  ASSERT_TRUE(alarm_band());
  const auto page = detectors->describe(scope, {});
  ASSERT_THAT(page->detectors, SizeIs(1));
  EXPECT_EQ(page->detectors[0].stored.id, *id);
  EXPECT_EQ(page->detectors[0].stored.definition.configuration->timezone, "UTC");
}

TEST_F(DetectorsTest, ExpressionsCanBeWatched) {
  fill(hours(24 * 2), "a", 50);
  fill(hours(24 * 2), "b", 100);
  ASSERT_TRUE(detectors->put(scope, of_math()));
  const auto page = data(ratio());
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_THAT(page->results, SizeIs(3));
  EXPECT_THAT(page->results[1].values.at(0), testing::AllOf(Gt(0.5), Lt(0.6)));
  EXPECT_THAT(page->results[2].values.at(0), testing::AllOf(Gt(0.4), Lt(0.5)));
  // Another order, labels and dimensions in another order are the same detector.
  auto other = ratio();
  std::swap(other[0], other[1]);
  other[2].label = "share";
  EXPECT_THAT(data(std::move(other))->results[1].values, SizeIs(12));
  auto changed = ratio();
  changed[2].expression = "b / a";
  EXPECT_THAT(data(std::move(changed))->results[1].values, IsEmpty());
}

TEST_F(DetectorsTest, DescribeFiltersAndPages) {
  for (const char* name : {"c", "a", "b"}) ASSERT_TRUE(detectors->put(scope, of_metric(name)));
  Definition with_dimensions = of_metric("d");
  with_dimensions.subject.single->dimensions = {{"x", "1"}, {"y", "2"}};
  const auto id = detectors->put(scope, with_dimensions);
  ASSERT_TRUE(detectors->put(scope, of_math()));
  const auto names = [&](const DetectorQuery& query) {
    std::vector<std::string> out;
    const auto page = detectors->describe(scope, query);
    EXPECT_TRUE(page);
    for (const Detector& one : page->detectors) {
      const auto& single = one.stored.definition.subject.single;
      out.push_back(single ? *single->metric_name : "math");
    }
    return out;
  };
  EXPECT_THAT(names({}), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(names({.with_single = false, .with_math = true}), ElementsAre("math"));
  EXPECT_THAT(names({.metric_name = "b"}), ElementsAre("b"));
  EXPECT_THAT(names({.namespace_name = "Other"}), IsEmpty());
  EXPECT_THAT(names({.dimensions = {{{"y", "2"}, {"x", "1"}}}}), ElementsAre("d"));
  EXPECT_THAT(names({.dimensions = {{{"x", "1"}}}}), IsEmpty());
  EXPECT_THAT(names({.ids = {*id}}), ElementsAre("d"));

  DetectorQuery paged{.with_math = true, .records_max = 2};
  std::vector<std::size_t> sizes;
  do {
    const auto page = detectors->describe(scope, paged);
    sizes.push_back(page->detectors.size());
    paged.next_token = page->next_token;
  } while (!paged.next_token.empty());
  EXPECT_THAT(sizes, ElementsAre(2, 2, 1));
  EXPECT_EQ(detectors->describe(scope, {.next_token = "x"}).error().code, "InvalidNextToken");
  EXPECT_EQ(detectors->describe(scope, {.records_max = 101}).error().code, "InvalidParameterValue");
  EXPECT_THAT(detectors->describe({"999999999999", "us-east-1"}, {})->detectors, IsEmpty());
}

TEST_F(DetectorsTest, PutAgainKeepsTheId) {
  const auto id = detectors->put(scope, of_metric());
  EXPECT_EQ(*detectors->put(scope, of_metric()), *id);
  EXPECT_NE(*detectors->put(scope, of_metric("m", "p90")), *id);
}

TEST_F(DetectorsTest, RemoveBySubjectOrId) {
  const auto id = detectors->put(scope, of_metric());
  EXPECT_TRUE(detectors->remove(scope, *id));
  EXPECT_EQ(detectors->remove(scope, *id).error().code, "ResourceNotFoundException");
  EXPECT_EQ(detectors->remove(scope, of_metric().subject).error().code,
            "ResourceNotFoundException");
  ASSERT_TRUE(detectors->put(scope, of_math()));
  EXPECT_TRUE(detectors->remove(scope, of_math().subject));
  EXPECT_EQ(detectors->remove(scope, Subject{}).error().code, "MissingParameter");
  restart();
  EXPECT_EQ(state_of_first(), "none");
}

TEST_F(DetectorsTest, SettingsSurviveARestart) {
  fill(hours(24 * 2));
  Definition definition = of_metric();
  definition.configuration.emplace();
  definition.configuration->timezone = "+05:30";
  definition.configuration->excluded = {{Time{0}, Time{60'000}}};
  definition.characteristics.emplace(Characteristics{true});
  const auto id = detectors->put(scope, definition);
  ASSERT_TRUE(detectors->put(scope, of_math()));
  restart();
  runtime.run_ready();
  const auto page = detectors->describe(scope, {.with_math = true});
  ASSERT_THAT(page->detectors, SizeIs(2));
  const Detector& first =
      page->detectors[1].stored.id == *id ? page->detectors[1] : page->detectors[0];
  EXPECT_EQ(first.stored.id, *id);
  EXPECT_EQ(first.stored.definition.configuration->excluded, definition.configuration->excluded);
  EXPECT_EQ(first.stored.definition.characteristics->periodic_spikes, true);
  EXPECT_EQ(first.state, "TRAINED");
}

TEST_F(DetectorsTest, QuotaIsPerScope) {
  config.detectors_max = 2;
  restart();
  ASSERT_TRUE(detectors->put(scope, of_metric("a")));
  ASSERT_TRUE(detectors->put(scope, of_metric("b")));
  EXPECT_THAT(refusal(of_metric("c")), HasSubstr("LimitExceededException: The maximum number"));
  EXPECT_EQ(refusal(of_metric("b")), "");
  EXPECT_TRUE(detectors->put({"999999999999", "us-east-1"}, of_metric("c")));
  fill(hours(24));
  EXPECT_EQ(alarm_band().error().code, "LimitExceededException");
}

TEST_F(DetectorsTest, ModelsAreBounded) {
  config.models_max = 3;
  restart();
  fill(hours(24 * 2));
  ASSERT_TRUE(detectors->put(scope, of_metric()));
  for (const int period_s : {60, 120, 180, 240, 300, 360}) {
    EXPECT_TRUE(data(metric("Average", period_s)));
    runtime.advance(minutes(1));
  }
  EXPECT_THAT(data(metric())->results[1].values, SizeIs(Ge(11)));
}

TEST_F(DetectorsTest, WhatIsWrongIsRefused) {
  const auto with = [&](auto&& change) {
    Definition definition = of_metric();
    change(definition);
    return refusal(definition);
  };
  const auto with_math = [&](auto&& change) {
    Definition definition = of_math();
    change(definition.subject.math->queries);
    return refusal(definition);
  };
  EXPECT_EQ(with([](Definition& d) { d.subject.single->namespace_name.reset(); }),
            "MissingParameter: The parameter SingleMetricAnomalyDetector.Namespace is required.");
  EXPECT_THAT(with([](Definition& d) { d.subject.single->metric_name.reset(); }),
              HasSubstr("MetricName is required"));
  EXPECT_THAT(with([](Definition& d) { d.subject.single->stat.reset(); }),
              HasSubstr("Stat is required"));
  EXPECT_EQ(with([](Definition& d) { d.subject.single->stat = "Mean"; }),
            "InvalidParameterValue: The value Mean for parameter Stat is not supported.");
  EXPECT_THAT(with([](Definition& d) { d.subject.single->account_id = "999999999999"; }),
              HasSubstr("AccountId"));
  EXPECT_THAT(with([](Definition& d) { d.subject.math = of_math().subject.math; }),
              HasSubstr("InvalidParameterCombination"));
  EXPECT_THAT(with([](Definition& d) { d.subject.single.reset(); }), HasSubstr("MissingParameter"));
  EXPECT_THAT(with([](Definition& d) {
                d.configuration.emplace();
                d.configuration->excluded.assign(11, {Time{0}, Time{1}});
              }),
              HasSubstr("greater than 10"));
  EXPECT_THAT(with([](Definition& d) {
                d.configuration.emplace();
                d.configuration->excluded = {{Time{1}, Time{1}}};
              }),
              HasSubstr("before its EndTime"));
  EXPECT_THAT(with([](Definition& d) {
                d.configuration.emplace();
                d.configuration->timezone = "Mars/Olympus";
              }),
              HasSubstr("no name of a time zone"));
  using Queries = std::vector<metric_math::DataQuery>;
  EXPECT_THAT(with_math([](Queries& q) { q[0].return_data = true; }), HasSubstr("Exactly one"));
  EXPECT_THAT(with_math([](Queries& q) { q.clear(); }), HasSubstr("MetricDataQueries is required"));
  EXPECT_THAT(with_math([](Queries& q) { q[2].expression = "a +"; }), HasSubstr("ValidationError"));
  EXPECT_THAT(with_math([](Queries& q) { q[2].expression = "SEARCH('m', 'Sum', 300)"; }),
              HasSubstr("SEARCH is not supported"));
  EXPECT_THAT(with_math([](Queries& q) { q[2].expression = "SUM(METRICS())"; }),
              HasSubstr("METRICS is not supported"));
  EXPECT_THAT(with_math([](Queries& q) { q[2].expression = "ANOMALY_DETECTION_BAND(a)"; }),
              HasSubstr("ANOMALY_DETECTION_BAND is not supported"));
  EXPECT_THAT(with_math([](Queries& q) { q[2].expression = "TIME_SERIES(1)"; }),
              HasSubstr("must use a metric"));
  EXPECT_THAT(with_math([](Queries& q) { q[0].metric_stat->period_s = 60; }),
              HasSubstr("same Period"));
  EXPECT_THAT(
      with_math([](Queries& q) { q[0].metric_stat->period_s = q[1].metric_stat->period_s = 30; }),
      HasSubstr("at least 60 seconds"));
  EXPECT_THAT(with_math([](Queries& q) {
                for (int i = 0; i < 10; ++i) {
                  q.push_back(q[0]);
                  q.back().id = "x" + std::to_string(i);
                  *q[2].expression += " + " + q.back().id;
                }
              }),
              HasSubstr("at most 10 metrics"));
  EXPECT_THAT(with_math([](Queries& q) { q[2].expression = "AVG(a)"; }),
              HasSubstr("must be a time series"));
  EXPECT_THAT(with_math([](Queries& q) { q[2].expression = "[a, b]"; }),
              HasSubstr("must yield one time series"));
  EXPECT_EQ(with([](Definition&) {}), "");
  EXPECT_EQ(with_math([](Queries&) {}), "");
}

}  // namespace
}  // namespace weir::anomaly
