// SPDX-License-Identifier: Apache-2.0
#include "metric_math/metric_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "metrics/test_support.h"

namespace weir::metric_math {
namespace {

using metrics::Datum;
using metrics::MetricId;
using metrics::MetricsWorld;
using std::chrono::hours;
using std::chrono::minutes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Result<DataPage> get(const MetricsWorld& world, const DataRequest& request) {
  return MetricData(*world.metrics).get(world.scope, request);
}

DataQuery stat_query(std::string id, std::string stat, std::string metric = "m") {
  DataQuery query;
  query.id = std::move(id);
  query.metric_stat = MetricStat{MetricId::make("App", metric, {}), 60, std::move(stat), {}};
  return query;
}

DataRequest last_hour(const MetricsWorld& world, std::vector<DataQuery> queries) {
  DataRequest request;
  request.queries = std::move(queries);
  request.start = world.now() - hours(1);
  request.end = world.now() + minutes(1);
  return request;
}

TEST(GetMetricData, NewestFirstByDefaultAndUnknownMetricsAreEmpty) {
  MetricsWorld world;
  world.put_value(1, world.now() - minutes(2));
  world.put_value(2, world.now() - minutes(1));
  auto hidden = stat_query("c", "Sum");
  hidden.return_data = false;
  auto request =
      last_hour(world, {stat_query("a", "Sum"), stat_query("b", "Sum", "other"), hidden});
  auto page = get(world, request);
  ASSERT_TRUE(page);
  ASSERT_THAT(page->results, SizeIs(2));
  EXPECT_THAT(page->results[0].values, ElementsAre(2, 1));
  EXPECT_EQ(page->results[0].label, "m");
  EXPECT_EQ(page->results[0].status_code, "Complete");
  EXPECT_THAT(page->results[1].values, IsEmpty());
  EXPECT_EQ(page->results[1].status_code, "Complete");
  request.ascending = true;
  page = get(world, request);
  EXPECT_THAT(page->results[0].values, ElementsAre(1, 2));
}

TEST(GetMetricData, PagesGiveEachPointOnce) {
  MetricsWorld world;
  for (int i = 0; i < 10; ++i) world.put_value(i, world.now() - minutes(10 - i));
  for (const bool ascending : {false, true}) {
    auto request = last_hour(world, {stat_query("a", "Sum"), stat_query("b", "SampleCount")});
    request.ascending = ascending;
    request.datapoints_max = 4;
    std::map<std::string, std::vector<double>> got;
    int pages = 0;
    do {
      const auto page = get(world, request);
      ASSERT_TRUE(page) << page.error().message;
      for (const auto& result : page->results) {
        auto& values = got[result.id];
        values.insert(values.end(), result.values.begin(), result.values.end());
      }
      EXPECT_EQ(page->results.back().status_code,
                page->next_token.empty() ? "Complete" : "PartialData");
      request.next_token = page->next_token;
      ASSERT_LT(++pages, 10);
    } while (!request.next_token.empty());
    EXPECT_EQ(pages, 5);
    EXPECT_THAT(got["a"], SizeIs(10));
    EXPECT_EQ(got["a"].front(), ascending ? 0 : 9);
    EXPECT_THAT(got["b"], SizeIs(10));
  }
}

TEST(GetMetricData, TokenOfAnotherRequestIsRefused) {
  MetricsWorld world;
  for (int i = 0; i < 10; ++i) world.put_value(i, world.now() - minutes(10 - i));
  auto request = last_hour(world, {stat_query("a", "Sum")});
  request.datapoints_max = 4;
  const auto page = get(world, request);
  request.next_token = page->next_token;
  request.end = request.end + minutes(1);
  EXPECT_EQ(get(world, request).error().code, "InvalidNextToken");
}

TEST(GetMetricData, SeveralUnitsGiveOneUnitAndAMessage) {
  MetricsWorld world;
  ASSERT_TRUE(world.put({{.metric_name = "m", .value = 1, .unit = "Seconds"},
                         {.metric_name = "m", .value = 2, .unit = "Count"}}));
  const auto page = get(world, last_hour(world, {stat_query("a", "Sum")}));
  EXPECT_THAT(page->results[0].values, ElementsAre(2));
  ASSERT_TRUE(page->results[0].messages);
  EXPECT_EQ(page->results[0].messages->front().code, "MultipleUnits");
  EXPECT_EQ(page->results[0].messages->front().value,
            "Multiple units returned: '[Count, Seconds]'");
}

TEST(GetMetricData, LabelsHaveDynamicParts) {
  MetricsWorld world;
  world.put_value(3, world.now() - minutes(2));
  world.put_value(1, world.now() - minutes(1));
  const auto label = [&](std::string text) {
    auto query = stat_query("a", "Sum");
    query.label = std::move(text);
    const auto page = get(world, last_hour(world, {query}));
    return page ? page->results[0].label : page.error().code;
  };
  EXPECT_EQ(label("max ${MAX}, last ${LAST} of ${LABEL}"), "max 3, last 1 of m");
  EXPECT_EQ(label("${PROP('Stat')} ${PROP('Period')} ${PROP('Region')}"), "Sum 60 us-east-1");
  EXPECT_EQ(label("${AVG} ${MIN_MAX_RANGE} ${DATAPOINT_COUNT}"), "2 2 2");
  EXPECT_EQ(label("${MAX_TIME_RELATIVE}"), "2m ago");
  EXPECT_EQ(label("${FIRST_TIME}"), "2025-12-31 23:58:00 UTC");
  EXPECT_EQ(label("plain $ and ${"), "plain $ and ${");
  EXPECT_EQ(label("${NONSENSE}"), "ValidationError");
}

TEST(GetMetricData, BadQueriesAreRefused) {
  MetricsWorld world;
  const auto code = [&](std::vector<DataQuery> queries) {
    const auto page = get(world, last_hour(world, std::move(queries)));
    return page ? "" : page.error().code;
  };
  EXPECT_EQ(code({stat_query("A", "Sum")}), "ValidationError");
  EXPECT_EQ(code({stat_query("a", "Sum"), stat_query("a", "Sum")}), "ValidationError");
  EXPECT_EQ(code({stat_query("a", "Nonsense")}), "ValidationError");
  EXPECT_EQ(code({{.id = "e", .expression = "m1 *"}}), "ValidationError");
  EXPECT_EQ(code({{.id = "e"}}), "ValidationError");
  auto request = last_hour(world, {stat_query("a", "Sum")});
  request.end = request.start;
  EXPECT_EQ(get(world, request).error().message,
            "The parameter StartTime must not equal parameter EndTime.");
}

}  // namespace
}  // namespace weir::metric_math
